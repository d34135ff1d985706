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
 * Question 2.1b: perturbations made on a model A before a model B, which shares neither its training images nor its first
 * weights. Sign noise of the same size is the control.
 */
final class TransferStudy extends Study {
    private static final String NOISE = "sign-noise";

    TransferStudy() {
        super(
                "2.1b",
                "Perturbations that transfer",
                "Two models are trained for one task on two halves of the data. Why does a perturbation built from the"
                        + " gradients of one often fool the other?",
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
                            "Share of the images correctly classified by both models that one then misclassifies, by the model the"
                                    + " perturbation was made on, with 95 % intervals. A → B: made on A, shown to B."),
                    new Exhibit.Numbers(
                            findings.table(),
                            "At ε = " + AttackSpec.pixels(work.epsilon()) + ", of the images that both models"
                                    + " classify correctly; the noise is the same for both.")));
        }
    }

    /** The halves are dealt by the study's seed, so that they share no image; the first weights by one of their own. */
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
        LineChart chart = new LineChart("Transfer of perturbations", "ε in grey levels of 255", "fooled");
        add(chart, "FGSM, A → A", work.epsilons(), fgsm, 0, 0);
        add(chart, "FGSM, A → B", work.epsilons(), fgsm, 0, 1);
        add(chart, "FGSM, B → A", work.epsilons(), fgsm, 1, 0);
        add(chart, "FGSM, B → B", work.epsilons(), fgsm, 1, 1);
        add(chart, "sign noise, B", work.epsilons(), noise, 1, 1);
        return chart;
    }

    private static void add(
            LineChart chart, String name, List<Double> epsilons, List<TransferMatrix> matrices, int made, int shown) {
        double[] x = new double[epsilons.size()];
        List<Interval> y = new ArrayList<>();
        for (int i = 0; i < x.length; i++) {
            x[i] = 255 * epsilons.get(i);
            y.add(Fooled.of(matrices.get(i).cell(made, shown)).interval());
        }
        chart.curve(name, x, y);
    }

    /** The share of images, correctly classified by both before, that are misclassified after a perturbation. */
    private record Fooled(int n, Interval interval) {
        static Fooled of(TransferMatrix.Cell cell) {
            if (cell.bothCorrect() == 0) {
                throw new IllegalStateException(
                        "no image is correctly classified by both models: they have not learned the task");
            }
            return new Fooled(cell.bothCorrect(), cell.interval().orElseThrow());
        }

        double rate() {
            return interval.value();
        }

        String inWords() {
            return Percent.of(interval);
        }
    }

    /**
     * What the answer rests on.
     *
     * @param epsilon of both matrices
     * @param cleanA clean accuracy of A on all test images
     * @param cleanB that of B
     * @param fgsm who is fooled by whose FGSM
     * @param noise who is fooled by noise of that size
     * @param cosine between the gradients of the two models' leads, over images
     */
    record Findings(
            double epsilon,
            Accuracy cleanA,
            Accuracy cleanB,
            TransferMatrix fgsm,
            TransferMatrix noise,
            SampleMean cosine)
            implements Answer {
        private Fooled transferred(int judge) {
            return Fooled.of(fgsm.cell(1 - judge, judge));
        }

        private Fooled control(int judge) {
            return Fooled.of(noise.cell(1 - judge, judge));
        }

        /** Whether what was made on the other model fools this one clearly more than noise does. */
        private boolean transfersTo(int judge) {
            return transferred(judge).interval().low()
                    > control(judge).interval().high();
        }

        private boolean transfersLessThanNoiseTo(int judge) {
            return transferred(judge).interval().high()
                    < control(judge).interval().low();
        }

        private boolean gradientsLieAlike() {
            return cosine.interval().low() > 0;
        }

        /** Whether what was made on the other model fools this one as a rule. */
        private boolean isLikelyFor(int judge) {
            return transferred(judge).interval().low() > 0.5;
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
                    "At ε = %s, FGSM made on A fools A on %s of what it classifies correctly and B on %s of what both do, where sign"
                            + " noise fools B on %s; made on B it fools A on %s, noise on %s: %s. The gradients of the two"
                            + " models, which share neither images nor first weights, have a mean cosine of %.3f ± %.3f"
                            + " (standard error)%s.",
                    AttackSpec.pixels(epsilon),
                    Percent.of(Fooled.of(fgsm.cell(0, 0)).rate()),
                    transferred(1).inWords(),
                    control(1).inWords(),
                    transferred(0).inWords(),
                    control(0).inWords(),
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
                    ? "what is made on one mostly works on the other"
                    : "it carries over far more often than noise, but not as a rule";
        }

        @Override
        public String because() {
            return Words.text(
                    "Interval of B fooled by A's examples %s %%, by noise %s %%; of A by B's %s %%, by noise %s %%; 95 %%"
                            + " interval of the mean cosine %.3f to %.3f.",
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
                    Table.text("shown to"),
                    Table.count("images", ""),
                    Table.percent("fooled by FGSM", 1),
                    Table.text("95 % interval"),
                    Table.percent("fooled by noise", 1),
                    Table.text("95 % interval"));
            for (int made = 0; made < 2; made++) {
                for (int shown = 0; shown < 2; shown++) {
                    Fooled byFgsm = Fooled.of(fgsm.cell(made, shown));
                    Fooled byNoise = Fooled.of(noise.cell(made, shown));
                    table.row(
                            fgsm.names().get(made),
                            fgsm.names().get(shown),
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
            for (int made = 0; made < 2; made++) {
                for (int shown = 0; shown < 2; shown++) {
                    String way = fgsm.names().get(made).toLowerCase(Locale.ROOT) + "_to_"
                            + fgsm.names().get(shown).toLowerCase(Locale.ROOT);
                    numbers.put("fgsm_" + way, Fooled.of(fgsm.cell(made, shown)).rate());
                    numbers.put(
                            "noise_" + way, Fooled.of(noise.cell(made, shown)).rate());
                }
            }
            numbers.put("gradient_cosine", cosine.interval());
            return numbers;
        }
    }
}
