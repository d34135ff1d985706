package varepsilon.robust.attack;

import java.util.List;
import java.util.stream.Collectors;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/**
 * How the size of a perturbation is measured, and how an attack moves in that geometry. Perturbations δ are N×…, one an
 * example. {@code low} ≤ 0 ≤ {@code high}, of the same shape, say how far each value may move before it leaves the box:
 * the sets in question are the intersections of the ball ‖δ‖ ≤ radius with that box.
 */
public sealed interface Norm permits LinfNorm, L2Norm, L1Norm, L0Norm {
    /** The largest absolute value. */
    Norm LINF = new LinfNorm();
    /** The Euclidean length. */
    Norm L2 = new L2Norm();
    /** The sum of absolute values. */
    Norm L1 = new L1Norm();
    /** The number of values that are changed; a pixel of a colour image has three. */
    Norm L0 = new L0Norm();

    /** All of them. */
    List<Norm> ALL = List.of(LINF, L2, L1, L0);

    /** {@code linf}, {@code l2}, {@code l1} or {@code l0}. */
    String label();

    /** ‖δ‖ of each example, N. */
    Tensor length(Tensor delta);

    /** The point of ball and box that is nearest to δ in Euclidean distance. */
    Tensor project(Tensor delta, double radius, Tensor low, Tensor high);

    /**
     * The same with a radius for each example.
     *
     * @param radii N, in the type of δ, at least 0
     */
    Tensor project(Tensor delta, Tensor radii, Tensor low, Tensor high);

    /** The point of ball and box at which ⟨gradient, δ⟩ is largest; 0 where the gradient is. */
    Tensor maximise(Tensor gradient, double radius, Tensor low, Tensor high);

    /**
     * δ moved by at most {@code stepSize}, in this norm, to where a loss with this gradient is higher, within ball and
     * box. Where the loss is linear, repeating it ends at what {@link #maximise} gives.
     */
    Tensor ascend(Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high);

    /**
     * As {@link #ascend}, for a loss that is not linear over a step of this length: in most norms the same.
     *
     * @param spread over how many values a step is spread where that can be chosen, relative to the usual; at least one
     */
    Tensor explore(
            Tensor delta, Tensor gradient, double stepSize, double radius, Tensor low, Tensor high, double spread);

    /** A point uniform in the ball for each example of {@code like}; the box is left to {@link #project}. */
    Tensor sample(Tensor like, double radius, Draws draws);

    /** The length of the box's diagonal in this norm. */
    double diameter(double width, long dimensions);

    /**
     * The norm of that name.
     *
     * @throws InputException where there is none
     */
    static Norm named(String label) {
        return ALL.stream()
                .filter(norm -> norm.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new InputException("norm '" + label + "': expected " + labels()));
    }

    /** The names of all: {@code linf, l2, l1 or l0}. */
    static String labels() {
        List<String> labels = ALL.stream().map(Norm::label).collect(Collectors.toList());
        String last = labels.remove(labels.size() - 1);
        return String.join(", ", labels) + " or " + last;
    }
}
