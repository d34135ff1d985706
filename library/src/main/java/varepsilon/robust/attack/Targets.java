package varepsilon.robust.attack;

import java.util.List;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;

/** The classes that an untargeted attack aims at, one after the other. */
final class Targets {
    private Targets() {}

    /**
     * The problem once for each of the other classes, in the order of their logits at the unperturbed image, the largest
     * first.
     *
     * @param first rank of the first, from 1
     * @param most how many classes at most; there are fewer where the classifier has fewer
     * @throws InputException where the criterion has a target class of its own
     */
    static List<Problem> of(Problem problem, int first, int most) {
        if (problem.criterion() instanceof Criterion.Targeted) {
            throw new InputException(
                    "the attack chooses target classes itself; for a target class of yours set its targets to 0");
        }
        Tensor logits = problem.logits(problem.pixels().zerosLike());
        Tensor own = problem.classes().unsqueeze(1);
        Tensor lowest = own.to(logits.dtype()).zerosLike().add(Double.NEGATIVE_INFINITY);
        Tensor order = logits.scatter(1, own, lowest).argsort(1, true);
        int others = Math.toIntExact(logits.size(1)) - 1;
        return IntStream.range(Math.min(first - 1, others), Math.min(first - 1 + most, others))
                .mapToObj(rank -> problem.towards(order.narrow(1, rank, 1).squeeze(1)))
                .toList();
    }
}
