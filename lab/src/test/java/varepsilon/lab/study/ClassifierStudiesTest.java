package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.StoppedException;
import varepsilon.data.Checksums;
import varepsilon.lab.study.StudyResult.Verdict;

/** Every study of the classifiers runs on the drawn digits and comes to what must hold at any size. */
class ClassifierStudiesTest extends StudyTest {
    @Test
    void signNoiseIsNotFgsm() throws IOException {
        StudyResult result = run(new NoiseAgainstGradientStudy());

        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        // 784 pixels, most of them of no consequence: at least 1/√784 of the way, which equal ones would have.
        assertThat(result.numbers().get("alignment")).isBetween(1 / 28.0, 0.2);
        assertThat(result.numbers().get("alignment"))
                .isCloseTo(result.numbers().get("alignment_predicted"), withinPercentage(10));
    }

    @Test
    void perturbationsTransferBetweenHalves() throws IOException {
        StudyResult result = run(new TransferStudy());

        assertThat(result.verdict()).isEqualTo(Verdict.MIXED);
        assertThat(result.numbers().get("gradient_cosine_low")).isPositive();
        assertThat(result.numbers().get("fgsm_a_to_b"))
                .isGreaterThan(result.numbers().get("noise_a_to_b"));
        assertThat(result.numbers().get("fgsm_a_to_a"))
                .isGreaterThan(result.numbers().get("noise_a_to_a"));
        List<Path> fresh;
        try (var files = Files.list(runs)) {
            fresh = files.filter(file -> file.getFileName().toString().matches("fresh-glyphs-small-cnn-4[34].*"))
                    .toList();
        }
        assertThat(fresh).hasSize(2);
        assertThat(Checksums.sha256(fresh.get(0)))
                .as("A and B begin with weights of their own")
                .isNotEqualTo(Checksums.sha256(fresh.get(1)));
    }

    @Test
    void augmentationIsJudgedOverSeeds() throws IOException {
        StudyResult result = run(new AugmentationStudy());

        assertThat(result.verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(result.numbers().get("standard_fgsm_gain_low"))
                .isLessThanOrEqualTo(result.numbers().get("standard_fgsm_gain"));
        assertThat(result.exhibits())
                .anySatisfy(exhibit -> assertThat(exhibit)
                        .isInstanceOfSatisfying(
                                Exhibit.Intervals.class,
                                shown -> assertThat(shown.chart().svg())
                                        .contains("standard, seed 42")
                                        .contains("defended, mean")));
    }

    @Test
    void aDefenceIsPaidFor() throws IOException {
        StudyResult result = run(new TradeOffStudy());

        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(result.numbers().get("robust_gain")).isPositive();
        for (double alpha : new double[] {0, 0.25, 0.5, 0.75, 1}) {
            assertThat(result.numbers().get("pgd_accuracy_alpha_" + alpha))
                    .isLessThanOrEqualTo(result.numbers().get("clean_accuracy_alpha_" + alpha));
        }
    }

    @Test
    void lossAndBatchAreOneWithoutBatchNormalisation() throws IOException {
        StudyResult result = run(new LossAgainstBatchStudy());

        assertThat(result.verdict()).isEqualTo(Verdict.MIXED);
        assertThat(result.numbers().get("distance_without")).isLessThan(1e-4);
        assertThat(result.numbers().get("distance_running_statistics")).isLessThan(1e-4);
        assertThat(result.numbers().get("distance_with")).isGreaterThan(1e-2);
        assertThat(result.numbers().get("distance_without_elsewhere")).isGreaterThan(1e-2);
        assertThat(result.numbers().get("agreement_without_batch_normalisation"))
                .isGreaterThan(result.numbers().get("agreement_other_seed_without_batch_normalisation"));
    }

    @Test
    void pgdIsStrongerAndCostsMore() throws IOException {
        StudyResult result = run(new StrengthAgainstCostStudy());

        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(result.numbers().get("pre-trained_pgd-10_accuracy"))
                .isLessThan(result.numbers().get("pre-trained_fgsm_accuracy"));
        // FGSM: one look to see whether the image is right, one gradient for those that are, one look at the outcome.
        assertThat(result.numbers().get("pre-trained_fgsm_passes")).isBetween(3.0, 4.0);
    }

    @Test
    void aStudyStopsWhenAsked() {
        assertThatExceptionOfType(StoppedException.class)
                .isThrownBy(() -> new NoiseAgainstGradientStudy().run(Contexts.smoke(runs, () -> true)));
    }
}
