package varepsilon.lab.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import varepsilon.stats.DifferenceInterval;
import varepsilon.stats.PairedComparison;

/**
 * Two classifiers on the same images.
 *
 * @param first the one
 * @param second the other
 * @param n images
 * @param bothRight that both get right
 * @param onlyFirst that the first alone gets right
 * @param onlySecond that the second alone gets right
 * @param bothWrong that neither gets right
 * @param firstAccuracy share that the first gets right
 * @param firstCi95 Wilson 95 % interval of it
 * @param secondAccuracy share that the second gets right
 * @param secondCi95 Wilson 95 % interval of it
 * @param difference accuracy of the first less that of the second
 * @param differenceCi95 95 % interval of the difference, by Newcombe for pairs
 * @param pValue exact, two-sided, by McNemar: how probable so uneven a split is were the two equally good
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record ModelComparison(
        String first,
        String second,
        int n,
        int bothRight,
        int onlyFirst,
        int onlySecond,
        int bothWrong,
        double firstAccuracy,
        List<Double> firstCi95,
        double secondAccuracy,
        List<Double> secondCi95,
        double difference,
        List<Double> differenceCi95,
        double pValue) {
    /**
     * Counts.
     *
     * @param firstRight by image
     * @param secondRight by the same images
     */
    static ModelComparison of(String first, boolean[] firstRight, String second, boolean[] secondRight) {
        PairedComparison pairs = PairedComparison.of(firstRight, secondRight);
        DifferenceInterval interval = pairs.interval();
        return new ModelComparison(
                first,
                second,
                pairs.n(),
                pairs.bothRight(),
                pairs.onlyFirst(),
                pairs.onlySecond(),
                pairs.bothWrong(),
                pairs.first().rate(),
                AttackOutcome.interval(pairs.first()),
                pairs.second().rate(),
                AttackOutcome.interval(pairs.second()),
                pairs.difference(),
                List.of(interval.low(), interval.high()),
                pairs.pValue());
    }
}
