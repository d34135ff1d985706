package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import varepsilon.classify.ClassifierFile;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.IntervalChart;
import varepsilon.report.Table;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.Accuracy;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;
import varepsilon.stats.SampleMean;

/**
 * Question 2.1c: whether training on shifted and mirrored images raises a model's robust accuracy under FGSM. For each
 * of several seeds two models differ in that alone, first weights, order of the images and test images included, once
 * without a defence and once with FGSM's adversarial loss. FGSM uses the cross-entropy in double precision: a model
 * that has memorised its training images predicts with probabilities so close to 1 that the gradient in single
 * precision is zero, and robust accuracy would be overestimated.
 */
final class AugmentationStudy extends Study {
    private static final double ALPHA = 0.5;

    AugmentationStudy() {
        super(
                "2.1c",
                "Augmentation against FGSM",
                "What does data augmentation do to a model's robustness, and why?",
                "Augmentation generally makes models more robust to FGSM, by patterns that generalise and a smoother"
                        + " loss; that one pair of runs got worse and another better is put down to variation between"
                        + " runs.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        ClassifierWork work = ClassifierWork.of(context, context.pick(200, 2000, 10_000));
        double epsilon = work.hardeningEpsilon();
        DefenseSpec defended = DefenseSpec.adversarialLoss(ClassifierWork.attack("fgsm", epsilon), ALPHA);
        List<Long> seeds = LongStream.range(0, context.pick(2, 5, 5))
                .mapToObj(i -> context.seed() + i)
                .toList();
        Findings findings = new Findings(
                epsilon,
                List.of(
                        arm(work, context, "standard", DefenseSpec.standard(), seeds),
                        arm(work, context, "defended", defended, seeds)));
        return findings.with(List.of(
                new Exhibit.Intervals(
                        findings.chart(),
                        "How much higher the robust accuracy of a model under FGSM is at ε = "
                                + AttackSpec.pixels(epsilon) + " when it is trained with augmentation: by seed with"
                                + " the 95 % interval for pairs, and on average with Student's over the seeds."),
                new Exhibit.Numbers(
                        findings.summary(), "Mean ± standard deviation over " + seeds.size() + " seeds, in %."),
                new Exhibit.Numbers(
                        findings.pairs(),
                        "Each pair on the same " + work.test().size()
                                + " test images under FGSM on the exact loss; p is the"
                                + " exact two-sided p-value of McNemar's test.")));
    }

    private static Arm arm(
            ClassifierWork work, StudyContext context, String name, DefenseSpec defense, List<Long> seeds)
            throws IOException {
        List<Pair> pairs = new ArrayList<>();
        for (long seed : seeds) {
            pairs.add(new Pair(
                    seed,
                    model(work, context, defense, "none", seed),
                    model(work, context, defense, "crop-flip", seed)));
        }
        return new Arm(name, pairs);
    }

    private static Model model(
            ClassifierWork work, StudyContext context, DefenseSpec defense, String augment, long seed)
            throws IOException {
        // From the start, and long enough to memorise so few images, because augmentation acts against that.
        ClassifierSpec.Images images = work.images(context.pick(1100, 5500, 0), augment);
        ClassifierSpec config = work.config(
                images,
                work.fresh(context.size() == StudyContext.Size.FULL ? work.network() : ClassifierWork.SMALL, images),
                ClassifierWork.fitting(context.pick(2, 8, 30), 0.05),
                defense,
                seed);
        ThreatModel threat = ThreatModel.of(Norm.LINF, work.hardeningEpsilon());
        List<Trial> trials = List.of(
                Trial.untargeted(new Fgsm(AttackLoss.EXACT_CROSS_ENTROPY), threat),
                Trial.untargeted(new Fgsm(), threat));
        try (ClassifierFile trained = work.trained(config)) {
            RobustnessReport report =
                    work.measure(defense.name() + ", " + augment + ", seed " + seed, trained.classifier(), trials);
            return new Model(
                    report.correct(),
                    report.trials().get(0).robust(),
                    report.trials().get(1).robust());
        }
    }

    /**
     * A model, by test image.
     *
     * @param correct whether an image is correctly classified
     * @param fgsm whether it is also correctly classified under FGSM on the exact loss
     * @param usual the same on the usual loss
     */
    record Model(boolean[] correct, boolean[] fgsm, boolean[] usual) {
        private double clean() {
            return Accuracy.of(correct).rate();
        }

        private double robust() {
            return Accuracy.of(fgsm).rate();
        }

        private double usuallyRobust() {
            return Accuracy.of(usual).rate();
        }

        /**
         * The share of the correctly classified images that are also correctly classified under FGSM; 0 where there is
         * none.
         */
        private double kept() {
            return clean() > 0 ? robust() / clean() : 0;
        }
    }

    /** Two models of one seed. */
    record Pair(long seed, Model plain, Model augmented) {
        private PairedComparison underFgsm() {
            return PairedComparison.of(augmented.fgsm(), plain.fgsm());
        }
    }

    /** All pairs with one way of training. */
    record Arm(String name, List<Pair> pairs) {
        private double[] of(Function<Pair, Model> which, ToDoubleFunction<Model> what) {
            return pairs.stream().map(which).mapToDouble(what).toArray();
        }

        private SampleMean plain(ToDoubleFunction<Model> what) {
            return SampleMean.of(of(Pair::plain, what));
        }

        private SampleMean augmented(ToDoubleFunction<Model> what) {
            return SampleMean.of(of(Pair::augmented, what));
        }

        /** With augmentation less without it. */
        private SampleMean gain(ToDoubleFunction<Model> what) {
            return SampleMean.ofDifferences(of(Pair::augmented, what), of(Pair::plain, what));
        }
    }

    /**
     * The measurements.
     *
     * @param epsilon of FGSM, also in the defence
     * @param arms ways of training
     */
    record Findings(double epsilon, List<Arm> arms) implements Answer {
        @Override
        public Verdict verdict() {
            long better =
                    arms.stream().filter(arm -> gain(arm).interval().low() > 0).count();
            long worse =
                    arms.stream().filter(arm -> gain(arm).interval().high() < 0).count();
            if (better == arms.size()) {
                return Verdict.CONFIRMED;
            }
            if (better > 0) {
                return Verdict.MIXED;
            }
            return worse > 0 ? Verdict.CONTRADICTED : Verdict.UNDECIDED;
        }

        private static SampleMean gain(Arm arm) {
            return arm.gain(Model::robust);
        }

        @Override
        public String reading() {
            List<String> robust = arms.stream()
                    .map(arm ->
                            "by " + inPoints(gain(arm)) + " for " + arm.name() + " training" + significance(gain(arm)))
                    .toList();
            List<String> rest = arms.stream()
                    .map(arm -> "by " + inPoints(arm.gain(Model::clean)) + " and " + inPoints(arm.gain(Model::kept))
                            + " for " + arm.name() + " training")
                    .toList();
            return Words.text(
                    "Over %d seeds augmentation changes accuracy under FGSM at ε = %s %s. Clean accuracy"
                            + " and the share of it that is kept under FGSM change %s.",
                    arms.get(0).pairs().size(),
                    AttackSpec.pixels(epsilon),
                    String.join(", and ", robust),
                    String.join(", and ", rest));
        }

        private static String significance(SampleMean gain) {
            return gain.interval().low() > 0
                    ? ", which is a gain"
                    : gain.interval().high() < 0 ? ", which is a loss" : ", which is not significant";
        }

        private static String inPoints(SampleMean gain) {
            return Percent.points(gain.interval());
        }

        @Override
        public String because() {
            List<String> parts = arms.stream()
                    .map(arm -> Words.text(
                            "%s: mean difference %s, ± %s between seeds, %d of %d seeds better",
                            arm.name(),
                            inPoints(gain(arm)),
                            Percent.number(gain(arm).std(), 1),
                            arm.pairs().stream()
                                    .filter(pair -> pair.underFgsm().difference() > 0)
                                    .count(),
                            arm.pairs().size()))
                    .toList();
            return String.join("; ", parts) + ".";
        }

        IntervalChart chart() {
            IntervalChart chart =
                    new IntervalChart("What augmentation adds under FGSM", "difference in accuracy").percent();
            for (Arm arm : arms) {
                for (Pair pair : arm.pairs()) {
                    chart.row(
                            arm.name() + ", seed " + pair.seed(),
                            IntervalChart.Mark.of("one seed", pair.underFgsm().interval()));
                }
                chart.row(
                        arm.name() + ", mean",
                        IntervalChart.Mark.of("mean over seeds", gain(arm).interval()));
            }
            return chart;
        }

        Table summary() {
            Table table = new Table(
                    Table.text("training"),
                    Table.text("measured"),
                    Table.text("without"),
                    Table.text("with augmentation"),
                    Table.text("difference, 95 % interval"));
            for (Arm arm : arms) {
                row(table, arm, "clean", Model::clean);
                row(table, arm, "under FGSM, exact loss", Model::robust);
                row(table, arm, "under FGSM, usual loss", Model::usuallyRobust);
                row(table, arm, "share of clean accuracy kept under FGSM", Model::kept);
            }
            return table;
        }

        private static void row(Table table, Arm arm, String name, ToDoubleFunction<Model> what) {
            table.row(arm.name(), name, spread(arm.plain(what)), spread(arm.augmented(what)), inPoints(arm.gain(what)));
        }

        private static String spread(SampleMean runs) {
            return Percent.number(runs.mean(), 1) + " ± " + Percent.number(runs.std(), 1);
        }

        Table pairs() {
            Table table = new Table(
                    Table.text("training"),
                    Table.text("seed"),
                    Table.percent("without", 1),
                    Table.percent("with augmentation", 1),
                    Table.percent("difference", 1),
                    Table.text("95 % interval"),
                    Table.number("p", "", 4));
            for (Arm arm : arms) {
                for (Pair pair : arm.pairs()) {
                    PairedComparison compared = pair.underFgsm();
                    table.row(
                            arm.name(),
                            Long.toString(pair.seed()),
                            compared.second().rate(),
                            compared.first().rate(),
                            compared.difference(),
                            Percent.range(compared.interval()),
                            compared.pValue());
                }
            }
            return table;
        }

        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            numbers.put("epsilon", epsilon);
            for (Arm arm : arms) {
                put(numbers, arm.name() + "_clean", arm.gain(Model::clean));
                put(numbers, arm.name() + "_fgsm", arm.gain(Model::robust));
                put(numbers, arm.name() + "_fgsm_usual_loss", arm.gain(Model::usuallyRobust));
                put(numbers, arm.name() + "_kept", arm.gain(Model::kept));
            }
            return numbers;
        }

        private static void put(Numbers numbers, String name, SampleMean gain) {
            numbers.put(name + "_gain", gain.interval());
            numbers.put(name + "_gain_std", gain.std());
        }
    }
}
