package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.robust.evaluate.TransferMatrix;
import varepsilon.stats.Accuracy;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.SampleMean;

/** Readings and verdicts of the classifiers' studies say what the numbers say, also where these come out otherwise. */
class ClassifierReadingsTest {
    private static final int N = 400;

    /** The first so many of the images. */
    private static boolean[] first(int correct) {
        boolean[] right = new boolean[N];
        Arrays.fill(right, 0, correct, true);
        return right;
    }

    private static NoiseAgainstGradientStudy.Findings noise(int noise, int fgsm, double alignment) {
        return new NoiseAgainstGradientStudy.Findings(
                8 / 255.0,
                new Accuracy(360, N),
                PairedComparison.of(first(noise), first(fgsm)),
                new LossGeometry.Alignment(alignment, alignment));
    }

    @Test
    void noiseAgainstFgsmFollowsTheDamage() {
        assertThat(noise(350, 60, 0.02).verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(noise(350, 60, 0.02).reading())
                .containsSubsequence(
                        "At ε = 8/255, accuracy is 87.5 %",
                        "under sign noise and 15.0 %",
                        "under FGSM, and 90.0 %",
                        "noise lowers it by 3.3 % of what FGSM does",
                        "margin of the true class by 2.0 %",
                        "predicts 2.0 %",
                        "right angle");
        assertThat(noise(120, 60, 0.02).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(noise(120, 60, 0.02).reading()).contains("noise lowers it by 80.0 %");
        assertThat(noise(60, 60, 0.02).verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(noise(60, 60, 0.02).reading()).contains("no clear difference");
        assertThat(noise(60, 200, 0.9).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(noise(60, 200, 0.9).reading())
                .contains("noise lowers it more", "random signs come close to it")
                .doesNotContain("right angle");
    }

    private static TransferMatrix matrix(int aToB, int bToA) {
        return new TransferMatrix(
                List.of("A", "B"),
                List.of(
                        List.of(new TransferMatrix.Cell(300, 250), new TransferMatrix.Cell(280, aToB)),
                        List.of(new TransferMatrix.Cell(280, bToA), new TransferMatrix.Cell(300, 250))));
    }

    private static TransferStudy.Findings transfer(int aToB, int bToA, int byNoise, double cosine) {
        SampleMean cosines = SampleMean.of(new double[] {cosine - 0.01, cosine, cosine + 0.01});
        return new TransferStudy.Findings(
                8 / 255.0,
                new Accuracy(300, N),
                new Accuracy(300, N),
                matrix(aToB, bToA),
                matrix(byNoise, byNoise),
                cosines);
    }

    @Test
    void transferFollowsTheSharesMisclassified() {
        assertThat(transfer(210, 196, 14, 0.3).verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(transfer(210, 196, 14, 0.3).reading())
                .containsSubsequence(
                        "At ε = 8/255",
                        "made on A makes A misclassify 83.3 %",
                        "B 75.0 %",
                        "sign noise B 5.0 %",
                        "made on B it makes A misclassify 70.0 %",
                        "noise 5.0 %",
                        "most perturbed images are misclassified by the other model too",
                        "mean cosine of 0.300 ± 0.006")
                .doesNotContain("does not show");
        assertThat(transfer(140, 70, 14, 0.3).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(transfer(140, 70, 14, 0.3).reading()).contains("not clearly in more than half of the cases");
        assertThat(transfer(210, 196, 14, 0).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(transfer(210, 196, 14, 0).reading()).contains("does not show");
        assertThat(transfer(140, 14, 14, 0.3).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(transfer(140, 14, 14, 0.3).reading()).contains("not clearly more than noise");
        assertThat(transfer(14, 14, 14, 0.3).verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(transfer(14, 14, 140, 0.3).verdict()).isEqualTo(Verdict.CONTRADICTED);
    }

    private static AugmentationStudy.Arm arm(String name, int... gains) {
        List<AugmentationStudy.Pair> pairs = new ArrayList<>();
        for (int i = 0; i < gains.length; i++) {
            pairs.add(new AugmentationStudy.Pair(
                    i,
                    new AugmentationStudy.Model(first(300), first(100), first(110)),
                    new AugmentationStudy.Model(first(320), first(100 + gains[i]), first(110))));
        }
        return new AugmentationStudy.Arm(name, pairs);
    }

    private static AugmentationStudy.Findings augmentation(AugmentationStudy.Arm... arms) {
        return new AugmentationStudy.Findings(2 / 255.0, List.of(arms));
    }

    @Test
    void augmentationFollowsTheSeeds() {
        AugmentationStudy.Arm better = arm("standard", 38, 40, 42);
        AugmentationStudy.Arm worse = arm("defended", -42, -40, -38);
        AugmentationStudy.Arm either = arm("defended", -40, 10, 40);

        assertThat(augmentation(better, arm("defended", 20, 20, 22)).verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(augmentation(better, worse).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(augmentation(better, worse).reading())
                .containsSubsequence(
                        "3 seeds",
                        "2/255",
                        "by +10.0 points",
                        "for standard training, which is a gain",
                        "by -10.0 points",
                        "for defended training, which is a loss",
                        "Clean accuracy",
                        "by +5.0 points",
                        "for standard training");
        assertThat(augmentation(better, either).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(augmentation(worse, either).verdict()).isEqualTo(Verdict.CONTRADICTED);
        assertThat(augmentation(either, either).verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(augmentation(either, either).reading()).contains("which is not significant");
        assertThat(augmentation(either, either).because()).contains("2 of 3 seeds better");
        // 20 more of 400 clean images are correctly classified: 5 points; 140 of 320 in place of 100 of 300 still are
        // under attack.
        assertThat(augmentation(better, worse).numbers().toMap().get("standard_clean_gain"))
                .isCloseTo(0.05, within(1e-12));
        assertThat(augmentation(arm("standard", 40, 40)).numbers().toMap().get("standard_kept_gain"))
                .isCloseTo(140.0 / 320 - 100.0 / 300, within(1e-12));
    }

    private static TradeOffStudy.Findings tradeOff(int[] clean, int[] robust) {
        List<TradeOffStudy.Point> points = new ArrayList<>();
        for (int i = 0; i < clean.length; i++) {
            points.add(new TradeOffStudy.Point(
                    (double) i / (clean.length - 1), first(clean[i]), first(robust[i]), first(robust[i])));
        }
        return new TradeOffStudy.Findings(2 / 255.0, points);
    }

    @Test
    void theTradeOffFollowsBothEndsAndTheWayBetween() {
        TradeOffStudy.Findings exchange = tradeOff(new int[] {300, 330, 360}, new int[] {200, 150, 20});
        assertThat(exchange.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(exchange.reading())
                .containsSubsequence(
                        "From α = 1.0 to α = 0.0",
                        "from 5.0 %",
                        "to 50.0 %",
                        "clean accuracy from 90.0 %",
                        "to 75.0 %",
                        "none of the 2 steps");
        assertThat(exchange.because()).contains("+45.0 points", "-15.0 points");

        TradeOffStudy.Findings detour = tradeOff(new int[] {300, 380, 360}, new int[] {200, 150, 20});
        assertThat(detour.verdict()).isEqualTo(Verdict.MIXED);
        assertThat(detour.reading()).contains("clean accuracy falls from α = 0.5 to 1.0");
        assertThat(tradeOff(new int[] {300, 330, 360}, new int[] {150, 200, 20}).reading())
                .contains("accuracy under PGD rises from α = 0.0 to 0.5");
        assertThat(tradeOff(new int[] {360, 360, 360}, new int[] {200, 150, 20}).verdict())
                .isEqualTo(Verdict.MIXED);
        assertThat(tradeOff(new int[] {390, 360, 300}, new int[] {200, 150, 20}).verdict())
                .isEqualTo(Verdict.CONTRADICTED);
        assertThat(tradeOff(new int[] {360, 360, 360}, new int[] {20, 20, 20}).verdict())
                .isEqualTo(Verdict.UNDECIDED);
    }

    private static LossAgainstBatchStudy.Step step(boolean normalised, boolean byBatch, double half, double elsewhere) {
        Map<Double, Double> distances = new TreeMap<>(Map.of(0.0, 2 * elsewhere, 0.5, half, 1.0, elsewhere));
        return new LossAgainstBatchStudy.Step("network", normalised, byBatch, distances);
    }

    private static LossAgainstBatchStudy.Findings lossAgainstBatch(double without, double with, double elsewhere) {
        int[] classes = new int[N];
        int[] others = new int[N];
        Arrays.fill(others, 0, N / 4, 1);
        return new LossAgainstBatchStudy.Findings(
                List.of(
                        step(false, true, without, elsewhere),
                        step(true, true, with, 0.5),
                        step(true, false, 1e-7, 0.5)),
                List.of(new LossAgainstBatchStudy.Trained(
                        "without batch normalisation",
                        new LossAgainstBatchStudy.Model(classes, first(300), first(100)),
                        new LossAgainstBatchStudy.Model(classes, first(300), first(100)),
                        new LossAgainstBatchStudy.Model(others, first(290), first(80)))));
    }

    @Test
    void lossAgainstBatchFollowsTheGradients() {
        assertThat(lossAgainstBatch(1e-6, 0.3, 0.4).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(lossAgainstBatch(1e-6, 0.3, 0.4).reading())
                .containsSubsequence("1.0e-06", " 0.30", "1.0e-07", "running statistics", "100.0 %", "75.0 %");
        assertThat(lossAgainstBatch(1e-6, 1e-6, 0.4).verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(lossAgainstBatch(1e-6, 1e-6, 0.4).reading()).doesNotContain("running statistics");
        assertThat(lossAgainstBatch(1e-6, 1e-6, 1e-6).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(lossAgainstBatch(0.3, 0.3, 0.4).verdict()).isEqualTo(Verdict.CONTRADICTED);
    }

    private static StrengthAgainstCostStudy.Attacked attacked(String name, int fgsm, int pgd10, int pgd40) {
        return new StrengthAgainstCostStudy.Attacked(
                name,
                first(360),
                List.of(
                        new StrengthAgainstCostStudy.Attempt(
                                AttackSpec.of("fgsm", "linf", 0.01), first(fgsm), 3L * N, N, 1),
                        new StrengthAgainstCostStudy.Attempt(
                                ClassifierWork.pgd(10, 0.01), first(pgd10), 12L * N, 10L * N, 5),
                        new StrengthAgainstCostStudy.Attempt(
                                ClassifierWork.pgd(40, 0.01), first(pgd40), 42L * N, 40L * N, 20)));
    }

    private static StrengthAgainstCostStudy.Findings strength(StrengthAgainstCostStudy.Attacked... models) {
        return new StrengthAgainstCostStudy.Findings(0.01, List.of(models));
    }

    @Test
    void strengthAgainstCostFollowsBoth() {
        StrengthAgainstCostStudy.Findings stronger =
                strength(attacked("pre-trained", 100, 20, 16), attacked("defended", 200, 160, 160));
        assertThat(stronger.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(stronger.reading())
                .containsSubsequence(
                        "of the pre-trained model is 25.0 %",
                        "under FGSM for 4.0 passes",
                        "under PGD-10 5.0 %",
                        "for 22.0",
                        "of the defended model is 50.0 %")
                .containsSubsequence(
                        "pgd-40 lowers that of the pre-trained model by another 1.0 points, for 3.7 times",
                        "pgd-10 lowers that of the defended model by another 0.0 points, for 1.0 times");
        assertThat(stronger.because()).contains("+20.0 points", " 0.18 ");
        assertThat(strength(attacked("a", 100, 20, 16), attacked("b", 200, 200, 200))
                        .verdict())
                .isEqualTo(Verdict.MIXED);
        assertThat(strength(attacked("a", 100, 100, 100)).verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(strength(attacked("a", 100, 200, 200)).verdict()).isEqualTo(Verdict.CONTRADICTED);
    }
}
