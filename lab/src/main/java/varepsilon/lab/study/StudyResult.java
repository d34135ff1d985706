package varepsilon.lab.study;

import java.util.List;
import java.util.Map;

/**
 * What came of a study.
 *
 * @param exhibits figures and tables, in the order in which they are read
 * @param reading two sentences that follow from the numbers
 * @param verdict on the source's claim
 * @param because what of the numbers decided the verdict, in a sentence
 * @param numbers the figures that the reading rests on, by name, for programs; finite
 */
public record StudyResult(
        List<Exhibit> exhibits, String reading, Verdict verdict, String because, Map<String, Double> numbers) {
    /** What measurement says of a claim. */
    public enum Verdict {
        /** It holds. */
        CONFIRMED,
        /** It does not hold. */
        CONTRADICTED,
        /** A part of it holds, or it holds under a condition. */
        MIXED,
        /** The intervals are too wide to tell. */
        UNDECIDED
    }

    /** Freezes the collections, and refuses numbers that are none. */
    public StudyResult {
        exhibits = List.copyOf(exhibits);
        numbers.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException(name + " " + value + ": expected a finite number");
            }
        });
    }
}
