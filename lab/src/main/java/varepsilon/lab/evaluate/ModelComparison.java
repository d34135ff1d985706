package varepsilon.lab.evaluate;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import varepsilon.stats.PairedComparison;

/**
 * Two classifiers on the same images.
 *
 * @param first the one
 * @param second the other
 * @param n images
 * @param bothCorrect that both classify correctly
 * @param onlyFirst that the first alone classifies correctly
 * @param onlySecond that the second alone classifies correctly
 * @param bothWrong that neither classifies correctly
 * @param firstAccuracy accuracy of the first
 * @param firstCi95 Wilson 95 % interval of it
 * @param secondAccuracy accuracy of the second
 * @param secondCi95 Wilson 95 % interval of it
 * @param difference accuracy of the first less that of the second
 * @param differenceCi95 95 % interval of the difference, by Newcombe for pairs
 * @param pValue exact two-sided p-value of McNemar's test
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record ModelComparison(
        String first,
        String second,
        int n,
        @JsonProperty("both_right") int bothCorrect,
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
     * @param firstCorrect whether the first classifies it correctly, by image
     * @param secondCorrect the same of the second
     */
    static ModelComparison of(String first, boolean[] firstCorrect, String second, boolean[] secondCorrect) {
        PairedComparison pairs = PairedComparison.of(firstCorrect, secondCorrect);
        return new ModelComparison(
                first,
                second,
                pairs.n(),
                pairs.bothCorrect(),
                pairs.onlyFirst(),
                pairs.onlySecond(),
                pairs.bothWrong(),
                pairs.first().rate(),
                pairs.first().interval().bounds(),
                pairs.second().rate(),
                pairs.second().interval().bounds(),
                pairs.difference(),
                pairs.interval().bounds(),
                pairs.pValue());
    }

    /** The counts alone. */
    public PairedComparison pairs() {
        return new PairedComparison(bothCorrect, onlyFirst, onlySecond, bothWrong);
    }
}
