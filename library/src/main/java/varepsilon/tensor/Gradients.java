package varepsilon.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Gradients with respect to chosen tensors only, so that attacks do not compute the weights' gradients. */
public final class Gradients {
    private Gradients() {}

    /** ∂output/∂input, in the shape of {@code input}, for a scalar {@code output}. */
    public static Tensor of(Tensor output, Tensor input) {
        return of(output, List.of(input)).get(0);
    }

    /**
     * ∂output/∂inputᵢ for each input, each in its input's shape; zeros where the output does not depend on it.
     *
     * @param output a scalar computed from the inputs with gradients recorded
     */
    public static List<Tensor> of(Tensor output, List<Tensor> inputs) {
        return of(output, inputs, false);
    }

    /**
     * The same for one input, after which the recorded operations are still there, for the gradients of other scalars
     * that were computed in the same pass.
     */
    public static Tensor keeping(Tensor output, Tensor input) {
        return of(output, List.of(input), true).get(0);
    }

    /**
     * ∂outputⱼ/∂input for each of several scalars that were computed in one pass, each in the shape of {@code input}.
     * The recorded operations are kept until the last is done.
     */
    public static List<Tensor> ofEach(List<Tensor> outputs, Tensor input) {
        List<Tensor> result = new ArrayList<>(outputs.size());
        for (int j = 0; j < outputs.size(); j++) {
            result.add(
                    of(outputs.get(j), List.of(input), j + 1 < outputs.size()).get(0));
        }
        return result;
    }

    /**
     * The transposed Jacobian of a computation, applied to {@code cotangent}: ∂⟨output, cotangent⟩/∂input. Differentiable
     * in the cotangent where that requires gradients.
     *
     * @param output computed from the input with gradients recorded
     * @param cotangent in the shape of the output
     */
    public static Tensor transposed(Tensor output, Tensor input, Tensor cotangent) {
        TensorVector gradients = torch.grad(
                new TensorVector(output.handle()),
                new TensorVector(input.handle()),
                new TensorVector(cotangent.handle()),
                new BoolOptional(),
                cotangent.requiresGrad(),
                true);
        return Tensor.wrap(new org.bytedeco.pytorch.Tensor(gradients.get(0)));
    }

    private static List<Tensor> of(Tensor output, List<Tensor> inputs, boolean again) {
        TensorVector gradients = torch.grad(
                new TensorVector(output.handle()),
                Tensor.vector(inputs),
                new TensorVector(),
                new BoolOptional(again),
                false,
                true);
        List<Tensor> result = new ArrayList<>(inputs.size());
        for (int i = 0; i < inputs.size(); i++) {
            // get() refers to the vector's memory, which is freed with this scope; the copy is a reference of its own.
            var gradient = gradients.get(i);
            result.add(
                    gradient.defined()
                            ? Tensor.wrap(new org.bytedeco.pytorch.Tensor(gradient))
                            : inputs.get(i).zerosLike());
        }
        return result;
    }
}
