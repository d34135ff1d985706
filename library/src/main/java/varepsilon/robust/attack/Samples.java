package varepsilon.robust.attack;

import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * Several points around the perturbation of each example, as one batch in which an example's follow one another.
 *
 * @param problem that of the examples, each so many times
 * @param delta the perturbations they surround, (N·count)×…
 * @param count points an example
 */
record Samples(Problem problem, Tensor delta, int count) {
    static Samples of(Problem problem, Tensor delta, int count) {
        Tensor each = Tensor.arange(problem.size())
                .unsqueeze(1)
                .expand(problem.size(), count)
                .reshape(-1)
                .to(delta.device());
        return new Samples(problem.select(each).probe(), delta.indexSelect(0, each), count);
    }

    private Tensor shaped(Tensor draws) {
        return draws.reshape(delta.shape());
    }

    private Tensor like() {
        return delta.reshape(delta.size(0) / count, count, delta.count() / delta.size(0));
    }

    /** Random signs. */
    Tensor signs(Draws draws) {
        return shaped(PerExample.signs(draws.uniform(like()), delta));
    }

    /** Standard normal numbers. */
    Tensor normal(Draws draws) {
        return shaped(draws.normal(like()));
    }

    /** Uniform numbers in [−1, 1]. */
    Tensor uniform(Draws draws) {
        return shaped(draws.uniform(like()).mul(2).sub(1));
    }

    /** The perturbations moved by these vectors, as far as the box permits. */
    Tensor inBox(Tensor vectors) {
        return delta.add(vectors).clamp(problem.low(), problem.high());
    }

    /** A number an example, N, for each of its points. */
    Tensor perPoint(Tensor numbers) {
        return numbers.unsqueeze(1).expand(numbers.count(), count).reshape(-1);
    }

    /** Sums over the points of each example, N×…. */
    Tensor sums(Tensor values) {
        long[] shape = delta.shape().clone();
        shape[0] = delta.size(0) / count;
        return values.reshape(shape[0], count, values.count() / values.size(0))
                .sum(1)
                .reshape(shape);
    }

    /** The same over one number a point, N. */
    Tensor sumsOfNumbers(Tensor numbers) {
        return numbers.reshape(numbers.count() / count, count).to(DType.FLOAT64).sum(1);
    }
}
