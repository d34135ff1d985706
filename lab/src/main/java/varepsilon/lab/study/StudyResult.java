package varepsilon.lab.study;

import java.util.List;
import java.util.Map;

/**
 * The result of a study.
 *
 * @param exhibits figures and tables, in the order in which they are read
 * @param reading the conclusion, two sentences
 * @param verdict on the source's claim
 * @param because the numbers that decided the verdict, in a sentence
 * @param numbers the numbers behind the reading, by name; finite
 */
public record StudyResult(
        List<Exhibit> exhibits, String reading, Verdict verdict, String because, Map<String, Double> numbers) {
    /** Whether the measurements support a claim. */
    public enum Verdict {
        /** It holds. */
        CONFIRMED,
        /** It does not hold. */
        CONTRADICTED,
        /** Part of it holds, or it holds under a condition. */
        MIXED,
        /** The intervals are too wide to decide. */
        UNDECIDED
    }

    /** Copies the collections, and rejects numbers that are not finite. */
    public StudyResult {
        exhibits = List.copyOf(exhibits);
        numbers.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException(name + " " + value + ": expected a finite number");
            }
        });
    }
}
