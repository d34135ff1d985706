package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import varepsilon.lab.study.StudyResult.Verdict;

/** Readings and verdicts say what the numbers say, also where these come out otherwise. */
class LatentReadingsTest {
    private static final Exhibit.Picture NO_PICTURE = new Exhibit.Picture("none", new byte[0], "Nothing.");

    private static SamplingStudy.Row images(double correlation, double grey, double bpd) {
        return new SamplingStudy.Row(
                "images", new SamplingStudy.Estimate(correlation, 0.01), new SamplingStudy.Estimate(grey, 0.001), bpd);
    }

    private static StudyResult sampling(double perPixel, double argmaxGrey) {
        var measured = new SamplingStudy.Measured(
                100,
                images(0.7, 0.1, 0.6),
                images(0.5, 0.1, 0.7),
                images(0.6, argmaxGrey, 0.4),
                images(0.8, 0.3, 1.1),
                images(perPixel, 0, 0.8));
        return measured.with(measured.exhibits(NO_PICTURE));
    }

    @Test
    void samplingFollowsTheCorrelationAndTheGrey() {
        assertThat(sampling(0, 0.001).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(sampling(0, 0.001).reading()).contains("no image", "not a draw");
        assertThat(sampling(0, 0.1).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(sampling(0, 0.1).reading()).contains("not clearly differ");
        assertThat(sampling(0.59, 0.1).verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(sampling(0.59, 0.1).reading()).contains("not clearly destroy");
    }

    /** Effective shares at 1, 2, 4, 8 dimensions. */
    private static StudyResult integration(double... shares) {
        List<PriorIntegrationStudy.Row> rows = new ArrayList<>();
        for (int i = 0; i < shares.length; i++) {
            rows.add(new PriorIntegrationStudy.Row(
                    1 << i, shares[i], shares[i], new double[] {0.5, 0.2}, 1e-12, 0.9, 0.01, 100 / shares[i]));
        }
        var measured = new PriorIntegrationStudy.Measured(new int[] {100, 1000}, 1000, 10, rows);
        return measured.with(measured.exhibits());
    }

    @Test
    void integrationFollowsTheLaw() {
        StudyResult exponential = integration(0.5, 0.26, 0.06, 0.004);
        assertThat(exponential.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(exponential.reading()).contains("latent dimension leaves 50.");
        StudyResult power = integration(1, 0.26, 0.06, 0.016);
        assertThat(power.verdict()).isEqualTo(Verdict.CONTRADICTED);
        StudyResult flat = integration(0.5, 0.52, 0.49, 0.5);
        assertThat(flat.verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(flat.reading()).contains("not clearly fall");
        assertThat(integration(0.1, 0.13, 0.2, 0.6).verdict()).isEqualTo(Verdict.CONTRADICTED);
    }

    private static StudyResult bound(double gap, double divergence, double above) {
        var one = new LowerBoundStudy.Case(-10, -10 - gap, divergence);
        var other = new LowerBoundStudy.Case(-12, -13, 1);
        var measured = new LowerBoundStudy.Measured(
                List.of(one, other),
                20,
                -100,
                List.of(
                        new LowerBoundStudy.Bound(1, -100, 0, 0.5),
                        new LowerBoundStudy.Bound(64, -100 + above, above, 0.5)));
        return measured.with(measured.exhibits());
    }

    @Test
    void theBoundIsOnlyOneWhereNoGapIsNegative() {
        assertThat(bound(2, 2, 5).verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(bound(2, 2, 5).reading())
                .contains("never exceeds", " 5.0 nats")
                .doesNotContain("not exactly");
        assertThat(bound(2, 2.1, 0.1).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(bound(2, 2.1, 0.1).reading()).contains("not exactly", "too small");
        assertThat(bound(-0.1, 0.1, 5).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(bound(-0.1, 0.1, 5).reading()).contains("For 1 of 2 choices of q the ELBO exceeds log p(x)");
        assertThat(bound(2, 2, -5).verdict()).isEqualTo(Verdict.CONTRADICTED);
    }

    private static StudyResult approach(double middleGap, double lastGap, double gain) {
        var measured = new PosteriorApproachStudy.Measured(
                -10,
                List.of(
                        new PosteriorApproachStudy.Point(0, -15, -15, 0.1, 5, 5),
                        new PosteriorApproachStudy.Point(0.5, -10 - middleGap, -12, 0.1, middleGap, middleGap),
                        new PosteriorApproachStudy.Point(1, -10 - lastGap, -10, 0, lastGap, lastGap)),
                16,
                List.of(new PosteriorFit.Fitted(0, -100, 0, 0), new PosteriorFit.Fitted(20, -100 + gain, gain, 1)),
                64,
                -90);
        return measured.with(measured.exhibits());
    }

    @Test
    void theApproachFollowsTheGap() {
        assertThat(approach(2, 0, 8).verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(approach(2, 0, 8).reading()).contains("raises", " 8.00 nats", " 80.0 %");
        assertThat(approach(2, 0, 15).reading())
                .containsSubsequence(" 15.00 nats", "more than", " 10.00", " 64 samples");
        assertThat(approach(6, 0, 8).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(approach(6, 0, 8).because()).contains("does not fall");
        assertThat(approach(2, 0.5, 8).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(approach(2, 0, 1).reading()).contains("not clearly change");
        assertThat(approach(2, 0, -8).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(approach(2, 0, -8).reading())
                .containsSubsequence("lowers", " 8.00 nats")
                .doesNotContain("80.0 %");
    }

    private static StudyResult terms(double middleKl, double lastReconstruction, double lastMismatch) {
        var measured = new TwoTermsStudy.Measured(
                List.of(new TwoTermsStudy.Epoch(1, 500, 490, 5, 6), new TwoTermsStudy.Epoch(2, 400, 410, 15, 16)),
                100,
                List.of(
                        new TwoTermsStudy.Row(0.25, 300, 60, 0.7, 20, 9),
                        new TwoTermsStudy.Row(1, 320, middleKl, 0.6, 20, 1),
                        new TwoTermsStudy.Row(4, lastReconstruction, 10, 0.8, 7, lastMismatch)));
        return measured.with(measured.exhibits(NO_PICTURE));
    }

    @Test
    void theTermsFollowTheirValues() {
        StudyResult trade = terms(30, 400, 0.1);
        assertThat(trade.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(trade.reading())
                .containsSubsequence(
                        "gives a smaller divergence and a worse reconstruction",
                        "best at β = 1 with 0.600",
                        "bits per dimension")
                .doesNotContain("does not trade");
        assertThat(terms(70, 400, 0.1).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(terms(70, 400, 0.1).reading()).contains("does not trade");
        assertThat(terms(70, 310, 0.1).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(terms(30, 400, 10).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(terms(30, 400, 10).reading()).contains("no larger weight");
    }

    /** Estimates whose error falls as L to that power, and whose mean is so many standard errors off. */
    private static DivergenceStudy.Case estimates(String name, double power, double bias) {
        List<DivergenceStudy.Row> rows = new ArrayList<>();
        for (int draws = 1; draws <= 64; draws *= 4) {
            double error = 2 * Math.pow(draws, power);
            rows.add(new DivergenceStudy.Row(draws, error, draws == 1 ? Double.NaN : error, bias * 0.01, 0.01));
        }
        return new DivergenceStudy.Case(name, name, name, "by hand", 8, rows);
    }

    private static StudyResult divergence(double power, double bias) {
        var measured = new DivergenceStudy.Measured(
                100, List.of(estimates("first", -0.5, 1), estimates("second", power, bias)));
        return measured.with(measured.exhibits());
    }

    @Test
    void theDivergenceFollowsRateAndBias() {
        StudyResult right = divergence(-0.5, 1);
        assertThat(right.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(right.reading()).containsSubsequence(" 2.00 nats", "25.0 %", "1 draw", " 0.250", " 64");
        assertThat(divergence(-0.3, 1).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(divergence(-0.5, 9).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(divergence(-0.5, 9).reading()).contains("misses");
        assertThat(divergence(0.2, 1).reading()).containsSubsequence("goes from", " 2.00");
    }

    private static StudyResult gradients(double scoreVariance, double scoreBias, int lastStep) {
        List<GradientStudy.Row> rows = List.of(
                new GradientStudy.Row(20, GradientEstimator.REPARAMETERISED, 2, 1),
                new GradientStudy.Row(20, GradientEstimator.SCORE_FUNCTION, 3 * scoreVariance, scoreBias),
                new GradientStudy.Row(20, GradientEstimator.SCORE_FUNCTION_WITH_BASELINE, scoreVariance, 1));
        var start = new EstimatorTraining.Point(0, 4, 0);
        var measured = new GradientStudy.Measured(
                1000,
                rows,
                Map.of(
                        GradientEstimator.REPARAMETERISED,
                        List.of(start, new EstimatorTraining.Point(100, 0.7, 20)),
                        GradientEstimator.SCORE_FUNCTION,
                        List.of(start, new EstimatorTraining.Point(lastStep, 1.5, 3)),
                        GradientEstimator.SCORE_FUNCTION_WITH_BASELINE,
                        List.of(start, new EstimatorTraining.Point(100, 0.6, 5))),
                100);
        return measured.with(measured.exhibits());
    }

    @Test
    void theGradientsFollowBiasAndVariance() {
        StudyResult mixed = gradients(400, 2, 100);
        assertThat(mixed.verdict()).isEqualTo(Verdict.MIXED);
        assertThat(mixed.reading())
                .containsSubsequence(
                        "with 600 times", "200 times with a baseline", "score function, baseline does best")
                .doesNotContain("does not give", "out of range");
        assertThat(gradients(400, 9, 100).verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(gradients(400, 9, 100).reading()).contains("does not give");
        assertThat(gradients(1, 2, 100).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(gradients(400, 2, 40).reading()).containsSubsequence("1.500", "out of range", " 40");
    }
}
