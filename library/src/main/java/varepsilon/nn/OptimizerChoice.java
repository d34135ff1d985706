package varepsilon.nn;

import java.util.Map;
import varepsilon.base.Family;
import varepsilon.base.Named;
import varepsilon.tensor.Tensor;

/**
 * The choice of an {@link Optimizer}. A new one is a record that makes it, registered as {@link Family} says.
 */
@Named(value = "optimizer", help = "how gradients update the weights")
public interface OptimizerChoice {
    /**
     * The optimizer of these parameters.
     *
     * @param learningRate its first one
     */
    Optimizer create(Map<String, Tensor> parameters, double learningRate);

    /** The learning rate that is usual with it. */
    double usualRate();
}
