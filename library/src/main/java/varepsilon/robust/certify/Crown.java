package varepsilon.robust.certify;

import java.util.Map;
import varepsilon.base.Named;
import varepsilon.base.Watch;
import varepsilon.tensor.Tensor;

/**
 * Linear bounds, propagated backwards, also for the inputs of activations that intervals leave undecided (Zhang et al.
 * 2018, "Efficient neural network robustness certification with general activation functions").
 */
@Named(value = "crown", help = "linear bounds, propagated backwards (Zhang et al. 2018)")
public record Crown() implements Bound {
    @Override
    public Found bound(Relaxation start, Tensor functions, Watch watch) {
        Relaxation refined = start.refined();
        int last = refined.network().last();
        Tensor linear = refined.lower(last, functions, Map.of(), Map.of());
        return new Found(refined, linear.max(refined.intervalLower(last, functions)));
    }
}
