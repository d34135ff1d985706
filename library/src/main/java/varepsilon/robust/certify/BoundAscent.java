package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Gradient ascent on a bound in the parameters of its relaxation, with Adam's steps (Kingma and Ba 2015). */
final class BoundAscent {
    private static final double FIRST = 0.9;
    private static final double SECOND = 0.999;
    private static final double DECAY = 0.98;

    private final List<Tensor> parameters;
    private final List<Tensor> means = new ArrayList<>();
    private final List<Tensor> squares = new ArrayList<>();
    private final double highest;
    private double stepSize;
    private int steps;

    /**
     * For parameters of the open scope, which are changed in place.
     *
     * @param stepSize of the first step; each is 0.98 times the one before
     * @param highest that a parameter may be; the lowest is 0
     */
    BoundAscent(List<Tensor> parameters, double stepSize, double highest) {
        this.highest = highest;
        this.parameters = parameters;
        this.stepSize = stepSize;
        try (var scope = Scope.withoutGradients()) {
            for (Tensor parameter : parameters) {
                means.add(scope.keep(parameter.zerosLike()));
                squares.add(scope.keep(parameter.zerosLike()));
            }
        }
    }

    /** One step up; parameters stay in their ranges. */
    void step(Tensor bound) {
        step(bound, this);
    }

    /** One step up of several groups of parameters, by gradients that are computed at once. */
    static void step(Tensor bound, BoundAscent... groups) {
        List<Tensor> parameters = Arrays.stream(groups)
                .flatMap(group -> group.parameters.stream())
                .toList();
        List<Tensor> gradients = Gradients.of(bound, parameters);
        int from = 0;
        for (BoundAscent group : groups) {
            int to = from + group.parameters.size();
            group.move(gradients.subList(from, to));
            from = to;
        }
    }

    private void move(List<Tensor> gradients) {
        steps++;
        try (var scope = Scope.withoutGradients()) {
            double first = 1 - Math.pow(FIRST, steps);
            double second = 1 - Math.pow(SECOND, steps);
            for (int i = 0; i < parameters.size(); i++) {
                Tensor gradient = gradients.get(i);
                means.get(i).lerpInPlace(gradient, 1 - FIRST);
                squares.get(i).lerpInPlace(gradient.square(), 1 - SECOND);
                Tensor spread = squares.get(i).div(second).sqrt().add(1e-8);
                Tensor moved =
                        parameters.get(i).detach().add(means.get(i).div(spread).mul(stepSize / first));
                parameters.get(i).copyInPlace(moved.clamp(0, highest));
            }
        }
        stepSize *= DECAY;
    }
}
