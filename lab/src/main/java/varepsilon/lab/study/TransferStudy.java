package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.robust.evaluate.TransferMatrix;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;
import varepsilon.stats.Percent;
import varepsilon.stats.SampleMean;

/**
 * Question 2.1b: transfer of perturbations from a source model A to a target model B with other training images and
 * other initial weights. Sign noise of the same size is the control.
 */
final class TransferStudy extends Study {
    private static final String NOISE = "sign-noise";

    TransferStudy() {
        super(
                "2.1b",
                "Perturbations that transfer",
                "Two models are trained for one task on two halves of the data. Why does a perturbation built from the"
                        + " gradients of one often transfer to the other?",
                "Perturbations made on model A are likely to work on model B, since models of one task and one"
                        + " distribution learn decision boundaries that lie alike.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        ClassifierWork work = ClassifierWork.of(context, context.pick(200, 1000, 10_000));
        try (ClassifierFile a = work.trained(half(work, context, "first-half", context.seed() + 1));
                ClassifierFile b = work.trained(half(work, context, "second-half", context.seed() + 2))) {
            Map<String, Classifier> models = new LinkedHashMap<>();
            models.put("A", a.classifier());
            models.put("B", b.classifier());
            List<TransferMatrix> fgsm = matrices(work, models, "fgsm");
            List<TransferMatrix> noise = matrices(work, models, NOISE);
            int usual = work.epsilons().indexOf(work.epsilon());
            Accuracy cleanA = work.measure("model A", a.classifier(), List.of()).clean();
            Accuracy cleanB = work.measure("model B", b.classifier(), List.of()).clean();
            SampleMean cosine =
                    SampleMean.of(LossGeometry.cosines(a.classifier(), b.classifier(), work.test(), context.device()));
            Findings findings = new Findings(work.epsilon(), cleanA, cleanB, fgsm.get(usual), noise.get(usual), cosine);
            return findings.with(List.of(
                    new Exhibit.Chart(
                            chart(work, fgsm, noise),
                            "Share of the images correctly classified by both models that one then misclassifies, by"
                                    + " the model the perturbation was made on, with 95 % intervals. A → B: made on A,"
                                    + " classified by B."),
                    new Exhibit.Numbers(
                            findings.table(),
                            "At ε = " + AttackSpec.pixels(work.epsilon()) + ", of the images that both models"
                                    + " classify correctly; the noise is the same for both.")));
        }
    }

    /** The disjoint halves are drawn by the study's seed; the initial weights by one of their own. */
    private static ClassifierSpec half(ClassifierWork work, StudyContext context, String part, long weights)
            throws IOException {
        ClassifierSpec.Images images = work.images(context.pick(2000, 0, 0), part, "none");
        return work.config(
                images,
                work.fresh(
                        context.size() == StudyContext.Size.FULL ? work.network() : ClassifierWork.SMALL,
                        images,
                        weights),
                ClassifierWork.fitting(context.pick(3, 8, 30), 0.05),
                DefenseSpec.standard(),
                context.seed());
    }

    private static List<TransferMatrix> matrices(ClassifierWork work, Map<String, Classifier> models, String attack) {
        List<TransferMatrix> matrices = new ArrayList<>();
        for (double epsilon : work.epsilons()) {
            Trial trial = ClassifierWork.trial(ClassifierWork.attack(attack, epsilon));
            matrices.add(
                    TransferMatrix.of(models, work.evaluation(List.of(trial)), work.test(), work.watch(trial.label()))
                            .orElseThrow());
        }
        return matrices;
    }

    private static LineChart chart(ClassifierWork work, List<TransferMatrix> fgsm, List<TransferMatrix> noise) {
        LineChart chart = new LineChart("Transfer of perturbations", "ε in grey levels of 255", "misclassified");
        add(chart, "FGSM, A → A", work.epsilons(), fgsm, 0, 0);
        add(chart, "FGSM, A → B", work.epsilons(), fgsm, 0, 1);
        add(chart, "FGSM, B → A", work.epsilons(), fgsm, 1, 0);
        add(chart, "FGSM, B → B", work.epsilons(), fgsm, 1, 1);
        add(chart, "sign noise, B", work.epsilons(), noise, 1, 1);
        return chart;
    }

    private static void add(
            LineChart chart,
            String name,
            List<Double> epsilons,
            List<TransferMatrix> matrices,
            int source,
            int target) {
        double[] x = new double[epsilons.size()];
        List<Interval> y = new ArrayList<>();
        for (int i = 0; i < x.length; i++) {
            x[i] = 255 * epsilons.get(i);
            y.add(TransferRate.of(matrices.get(i).cell(source, target)).interval());
        }
        chart.curve(name, x, y);
    }

    /** The share of images, correctly classified by both before, that are misclassified after a perturbation. */
    private record TransferRate(int n, Interval interval) {
        static TransferRate of(TransferMatrix.Cell cell) {
            if (cell.bothCorrect() == 0) {
                throw new IllegalStateException(
                        "no image is correctly classified by both models: they have not learned the task");
            }
            return new TransferRate(cell.bothCorrect(), cell.interval().orElseThrow());
        }

        double rate() {
            return interval.value();
        }

        String text() {
            return Percent.of(interval);
        }
    }

    /**
     * The measurements.
     *
     * @param epsilon of both matrices
     * @param cleanA clean accuracy of A on all test images
     * @param cleanB that of B
     * @param fgsm transfer of FGSM perturbations
     * @param noise the same for noise of that size
     * @param cosine between the gradients of the two models' margins, over images
     */
    record Findings(
            double epsilon,
            Accuracy cleanA,
            Accuracy cleanB,
            TransferMatrix fgsm,
            TransferMatrix noise,
            SampleMean cosine)
            implements Answer {
        private TransferRate transferred(int target) {
            return TransferRate.of(fgsm.cell(1 - target, target));
        }

        private TransferRate control(int target) {
            return TransferRate.of(noise.cell(1 - target, target));
        }

        /**
         * Whether perturbations made on the other model are misclassified by this one significantly more often than
         * noise.
         */
        private boolean transfersTo(int target) {
            return transferred(target).interval().low()
                    > control(target).interval().high();
        }

        private boolean transfersLessThanNoiseTo(int target) {
            return transferred(target).interval().high()
                    < control(target).interval().low();
        }

        private boolean gradientsLieAlike() {
            return cosine.interval().low() > 0;
        }

        /**
         * Whether perturbations made on the other model are misclassified by this one in more than half of the cases.
         */
        private boolean isLikelyFor(int target) {
            return transferred(target).interval().low() > 0.5;
        }

        @Override
        public Verdict verdict() {
            if (transfersTo(0) && transfersTo(1)) {
                return isLikelyFor(0) && isLikelyFor(1) && gradientsLieAlike() ? Verdict.CONFIRMED : Verdict.MIXED;
            }
            if (transfersTo(0) || transfersTo(1)) {
                return Verdict.MIXED;
            }
            return transfersLessThanNoiseTo(0) || transfersLessThanNoiseTo(1)
                    ? Verdict.CONTRADICTED
                    : Verdict.UNDECIDED;
        }

        @Override
        public String reading() {
            return Words.text(
                    "At ε = %s, FGSM made on A makes A misclassify %s of the images that it classifies correctly and"
                            + " B %s of those that both do, sign noise B %s; made on B it makes A misclassify %s,"
                            + " noise %s: %s. The gradients of the two models' margins, trained on different images"
                            + " from different initial weights, have a mean cosine of %.3f ± %.3f (standard error)%s.",
                    AttackSpec.pixels(epsilon),
                    Percent.of(TransferRate.of(fgsm.cell(0, 0)).rate()),
                    transferred(1).text(),
                    control(1).text(),
                    transferred(0).text(),
                    control(0).text(),
                    extent(),
                    cosine.mean(),
                    cosine.standardError(),
                    gradientsLieAlike()
                            ? ": what lowers the margin of the true class for one does so for the other"
                            : ", which does not show that they lie alike");
        }

        private String extent() {
            if (!transfersTo(0) || !transfersTo(1)) {
                return "not clearly more than noise in both directions";
            }
            return isLikelyFor(0) && isLikelyFor(1)
                    ? "most perturbed images are misclassified by the other model too"
                    : "perturbed images are misclassified clearly more often than with noise, but not clearly in more than half of"
                            + " the cases in both directions";
        }

        @Override
        public String because() {
            return Words.text(
                    "Share misclassified by B of A's examples %s %%, of noise %s %%; by A of B's %s %%, of noise %s"
                            + " %%; 95 %% interval of the mean cosine %.3f to %.3f.",
                    Percent.range(transferred(1).interval()),
                    Percent.range(control(1).interval()),
                    Percent.range(transferred(0).interval()),
                    Percent.range(control(0).interval()),
                    cosine.interval().low(),
                    cosine.interval().high());
        }

        Table table() {
            Table table = new Table(
                    Table.text("made on"),
                    Table.text("classified by"),
                    Table.count("images", ""),
                    Table.percent("misclassified, FGSM", 1),
                    Table.text("95 % interval"),
                    Table.percent("misclassified, noise", 1),
                    Table.text("95 % interval"));
            for (int source = 0; source < 2; source++) {
                for (int target = 0; target < 2; target++) {
                    TransferRate byFgsm = TransferRate.of(fgsm.cell(source, target));
                    TransferRate byNoise = TransferRate.of(noise.cell(source, target));
                    table.row(
                            fgsm.names().get(source),
                            fgsm.names().get(target),
                            byFgsm.n(),
                            byFgsm.rate(),
                            Percent.range(byFgsm.interval()),
                            byNoise.rate(),
                            Percent.range(byNoise.interval()));
                }
            }
            return table;
        }

        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            numbers.put("epsilon", epsilon);
            numbers.put("clean_accuracy_a", cleanA.interval());
            numbers.put("clean_accuracy_b", cleanB.interval());
            for (int source = 0; source < 2; source++) {
                for (int target = 0; target < 2; target++) {
                    String way = fgsm.names().get(source).toLowerCase(Locale.ROOT) + "_to_"
                            + fgsm.names().get(target).toLowerCase(Locale.ROOT);
                    numbers.put(
                            "fgsm_" + way,
                            TransferRate.of(fgsm.cell(source, target)).rate());
                    numbers.put(
                            "noise_" + way,
                            TransferRate.of(noise.cell(source, target)).rate());
                }
            }
            numbers.put("gradient_cosine", cosine.interval());
            return numbers;
        }
    }
}
