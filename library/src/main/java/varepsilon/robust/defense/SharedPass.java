package varepsilon.robust.defense;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import varepsilon.nn.Module;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Tensor;

/**
 * One backward pass that gives both the gradient in the images, for the attack, and in the weights, for the optimizer
 * step.
 *
 * @param imageGradient gradient of the summed losses, N×…
 * @param loss the summed losses as a scalar whose graph leads to the weights only, and there to gradients that are
 *     known
 */
record SharedPass(Tensor imageGradient, Tensor loss) {
    /**
     * Both gradients at once.
     *
     * @param losses from images to one loss an example
     */
    static SharedPass of(Module model, Tensor pixels, UnaryOperator<Tensor> losses) {
        List<Tensor> weights = List.copyOf(model.parameters().values());
        Tensor images = pixels.detach().requiresGrad(true);
        Tensor loss = losses.apply(images).sum();
        List<Tensor> inputs = new ArrayList<>(weights);
        inputs.add(images);
        List<Tensor> gradients = Gradients.of(loss, inputs);
        return new SharedPass(gradients.get(weights.size()), linearised(loss.detach(), weights, gradients));
    }

    /** L(w) + ⟨∇L(w), v − w⟩ at v = w: the loss to first order, which is equal in value and gradient. */
    private static Tensor linearised(Tensor value, List<Tensor> weights, List<Tensor> gradients) {
        Tensor sum = value.zerosLike();
        for (int i = 0; i < weights.size(); i++) {
            sum = sum.add(weights.get(i).mul(gradients.get(i)).sum());
        }
        return value.add(sum.sub(sum.detach()));
    }
}
