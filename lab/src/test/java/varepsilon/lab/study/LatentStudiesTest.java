package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.base.StoppedException;
import varepsilon.lab.study.StudyResult.Verdict;

/** Every study of the latent-variable half runs on the drawn digits and comes to what must hold at any size. */
class LatentStudiesTest extends StudyTest {
    @Test
    void aZForEachPixelGivesNoImage() throws IOException {
        StudyResult result = run(new SamplingStudy());
        assertThat(result.verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(result.numbers().get("correlation_z_per_pixel")).isBetween(-0.05, 0.05);
        assertThat(result.numbers().get("correlation_test")).isGreaterThan(0.5);
        assertThat(result.numbers().get("grey_share_argmax"))
                .isLessThan(result.numbers().get("grey_share_sample"));
    }

    @Test
    void integratingOverThePriorFailsExponentially() throws IOException {
        StudyResult result = run(new PriorIntegrationStudy());
        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        // Each dimension halves the variance, and so leaves about √(4/3)/√2 · exp(−1/3) = 0.585 to exp(−1/3) = 0.72.
        assertThat(result.numbers().get("factor_per_dimension")).isBetween(0.5, 0.75);
    }

    @Test
    void theBoundIsOneAndItsGapADivergence() throws IOException {
        StudyResult result = run(new LowerBoundStudy());
        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(result.numbers().get("gap_at_least_nats")).isPositive();
    }

    @Test
    void theGapClosesAtThePosterior() throws IOException {
        StudyResult result = run(new PosteriorApproachStudy());
        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(result.numbers().get("largest_deviation_standard_errors")).isLessThan(4.5);
        assertThat(result.numbers().get("vae_gain_nats")).isPositive();
    }

    @Test
    void theWeightTradesOneTermForTheOther() throws IOException {
        StudyResult result = run(new TwoTermsStudy());
        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        Map<String, Double> numbers = result.numbers();
        assertThat(numbers.get("kl_nats_beta_0.25")).isGreaterThan(numbers.get("kl_nats_beta_8"));
        assertThat(numbers.get("reconstruction_nats_beta_0.25")).isLessThan(numbers.get("reconstruction_nats_beta_8"));
    }

    @Test
    void theDivergenceByDrawsFallsAsTheRoot() throws IOException {
        assertThat(run(new DivergenceStudy()).verdict()).isEqualTo(Verdict.CONFIRMED);
    }

    @Test
    void theScoreFunctionGivesTheGradientTooButScattersMore() throws IOException {
        StudyResult result = run(new GradientStudy());
        assertThat(result.verdict()).isEqualTo(Verdict.MIXED);
        Map<String, Double> numbers = result.numbers();
        assertThat(numbers.get("relative_variance_score_function"))
                .isGreaterThan(numbers.get("relative_variance_score_function_with_baseline"));
    }

    @Test
    void whoeverIsAskedToStopStops() {
        StudyContext stopping = Contexts.smoke(runs, () -> true);
        for (Study study : new Study[] {new PriorIntegrationStudy(), new DivergenceStudy(), new GradientStudy()}) {
            assertThatExceptionOfType(StoppedException.class).as(study.id()).isThrownBy(() -> study.run(stopping));
        }
    }
}
