package varepsilon.robust.evaluate;

import java.util.stream.IntStream;
import varepsilon.classify.Classifier;
import varepsilon.data.Batch;
import varepsilon.robust.attack.AttackResult;
import varepsilon.stats.Interval;
import varepsilon.stats.Percent;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Whether adversarial images are still misclassified as files of 8 bits a value: on the first ones of a trial. */
final class RoundingCheck {
    private static final String NAME = "rounding";
    private static final int MOST_IMAGES = 256;
    /** The share of them that may become correctly classified. */
    private static final double MATERIAL = 0.05;

    private final Trial trial;
    private int tried;
    private int undone;

    RoundingCheck(Trial trial) {
        this.trial = trial;
    }

    /** The caller has set evaluation mode. */
    void add(Classifier classifier, AttackResult result, Tensor labels) {
        long[] broken = IntStream.range(0, result.correct().length)
                .filter(i -> result.correct()[i] && !result.isRobust(i))
                .limit(MOST_IMAGES - tried)
                .mapToLong(i -> i)
                .toArray();
        if (broken.length == 0) {
            return;
        }
        try (var scope = Scope.withoutGradients()) {
            Tensor rows = Tensor.of(broken, broken.length).to(labels.device());
            Tensor levels =
                    result.adversarial().indexSelect(0, rows).mul(255).add(0.5).to(DType.UINT8);
            Tensor predicted = classifier.logits(Batch.pixels(levels)).argmax(1);
            tried += broken.length;
            undone += Math.toIntExact(
                    predicted.eq(labels.indexSelect(0, rows)).nonzero().count());
        }
    }

    Check check() {
        String saw = trial.label() + ": rounded to the levels of 8 bits, " + undone + " of " + tried
                + " adversarial images are correctly classified again";
        // The interval's lower end, so that a few of few do not count.
        return tried > 0 && Interval.ofShare(undone, tried).low() > MATERIAL
                ? new Check(
                        NAME,
                        true,
                        saw + " (" + Percent.of((double) undone / tried) + ")",
                        "Where images are files, count those that are misclassified when read again: robust accuracy is"
                                + " higher there.")
                : Check.passed(NAME, saw);
    }
}
