package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import varepsilon.classify.ClassifierFile;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.lab.spec.DefenseSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.defense.AdversarialBatch;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;

/**
 * Question 2.3a: α·CE(x) + (1 − α)·CE(x_adv) against the cross-entropy of [x ; x_adv]. First the gradients of one step;
 * then models trained with either, beside one trained with another seed.
 */
final class LossAgainstBatchStudy extends Study {
    private static final double HALF = 0.5;

    LossAgainstBatchStudy() {
        super(
                "2.3a",
                "Adversarial loss against adversarial batch",
                "Are an adversarial loss and adversarial examples added to the batch the same, and if so, when?",
                "At α = ½ the two give equivalent or comparable models, since clean and perturbed images weigh the"
                        + " same; they part as α leaves ½.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        ClassifierWork work = ClassifierWork.of(context, context.pick(200, 1000, 10_000));
        Findings findings = new Findings(steps(work, context), trained(work, context));
        String size = AttackSpec.pixels(work.hardeningEpsilon());
        List<Exhibit> exhibits = new ArrayList<>();
        exhibits.add(new Exhibit.Chart(
                findings.chart(),
                "How far the gradient of the adversarial loss lies from that of the adversarial batch, relative to the"
                        + " latter's length, on the same images perturbed by FGSM at ε = " + size + "."));
        exhibits.add(new Exhibit.Numbers(findings.stepTable(), "The same as numbers: ‖difference‖₂ / ‖gradient‖₂."));
        exhibits.add(new Exhibit.Numbers(
                findings.trainedTable(),
                "Trained at α = ½ with FGSM at ε = " + size
                        + ": the two ways, and the adversarial loss with another seed, compared on the same "
                        + work.test().size() + " test images."));
        return findings.with(exhibits);
    }

    private static List<Step> steps(ClassifierWork work, StudyContext context) throws IOException {
        ThreatModel threat = ThreatModel.of(Norm.LINF, work.hardeningEpsilon());
        Adversary adversary = new Adversary(new Fgsm(AttackLoss.CROSS_ENTROPY), threat);
        GradientsOfDefenses gradients = new GradientsOfDefenses(
                adversary, work.test().limit(context.pick(64, 128, 128)), context.seed(), context.device());
        Path small = smallStart(work, context, context.seed());
        Optional<Path> normalised = normalisedStart(work);
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(
                "no batch normalisation", false, true, gradients.distances(() -> gradients.read(small), true)));
        GradientsOfDefenses.Source source =
                normalised.isPresent() ? () -> gradients.read(normalised.get()) : gradients::smallNormalised;
        steps.add(new Step("batch normalisation", true, true, gradients.distances(source, true)));
        steps.add(new Step("batch normalisation, running statistics", true, false, gradients.distances(source, false)));
        return steps;
    }

    /** The initial weights of the small network, which has no batch normalisation. */
    private static Path smallStart(ClassifierWork work, StudyContext context, long seed) throws IOException {
        return Path.of(work.fresh(ClassifierWork.SMALL, smallImages(work, context), seed)
                .weights());
    }

    private static ClassifierSpec.Images smallImages(ClassifierWork work, StudyContext context) {
        return work.images(context.pick(1100, 5500, 0), "none");
    }

    /** The initial weights of the residual network; empty for images that it cannot take. */
    private static Optional<Path> normalisedStart(ClassifierWork work) throws IOException {
        return work.network().equals(ClassifierWork.SMALL) ? Optional.empty() : Optional.of(work.pretrained());
    }

    private static List<Trained> trained(ClassifierWork work, StudyContext context) throws IOException {
        List<Trained> trained = new ArrayList<>();
        trained.add(trained(work, context, false));
        if (normalisedStart(work).isPresent()) {
            trained.add(trained(work, context, true));
        }
        return trained;
    }

    private static Trained trained(ClassifierWork work, StudyContext context, boolean normalised) throws IOException {
        AttackSpec attack = ClassifierWork.attack("fgsm", work.hardeningEpsilon());
        DefenseSpec loss = DefenseSpec.adversarialLoss(attack, HALF);
        DefenseSpec batch = new DefenseSpec(new AdversarialBatch.Choice(), attack);
        return new Trained(
                normalised ? "with batch normalisation" : "without batch normalisation",
                model(work, context, normalised, loss, context.seed()),
                model(work, context, normalised, batch, context.seed()),
                model(work, context, normalised, loss, context.seed() + 1));
    }

    private static Model model(
            ClassifierWork work, StudyContext context, boolean normalised, DefenseSpec defense, long seed)
            throws IOException {
        ClassifierSpec.Images images = smallImages(work, context);
        ClassifierSpec config = normalised
                ? work.further(defense, seed)
                : work.config(
                        images,
                        work.fresh(ClassifierWork.SMALL, images, seed),
                        ClassifierWork.fitting(context.pick(2, 4, 30), 0.05),
                        defense,
                        seed);
        Trial fgsm = ClassifierWork.trial(ClassifierWork.attack("fgsm", work.hardeningEpsilon()));
        try (ClassifierFile file = work.trained(config)) {
            RobustnessReport report = work.measure(defense.name() + ", seed " + seed, file.classifier(), List.of(fgsm));
            return new Model(
                    report.predictions(),
                    report.correct(),
                    report.trials().get(0).robust());
        }
    }

    /**
     * How far the two gradients of a step are apart.
     *
     * @param name of the network and of the mode of its batch normalisation
     * @param normalised whether it has batch normalisation
     * @param byBatch whether that uses the statistics of the batch, as in training
     * @param distances by α, relative
     */
    record Step(String name, boolean normalised, boolean byBatch, Map<Double, Double> distances) {
        private double atHalf() {
            return distances.get(HALF);
        }

        private double elsewhere() {
            return distances.entrySet().stream()
                    .filter(entry -> entry.getKey() != HALF)
                    .mapToDouble(Map.Entry::getValue)
                    .min()
                    .orElseThrow();
        }
    }

    /** A trained model, by test image. */
    record Model(int[] predictions, boolean[] correct, boolean[] robust) {
        private double agreementWith(Model other) {
            int same = 0;
            for (int i = 0; i < predictions.length; i++) {
                same += predictions[i] == other.predictions[i] ? 1 : 0;
            }
            return (double) same / predictions.length;
        }
    }

    /** Models trained with either, and with another seed. */
    record Trained(String name, Model loss, Model batch, Model otherSeed) {}

    /**
     * The measurements.
     *
     * @param steps gradients without batch normalisation, with it as in training, and with its running statistics
     * @param trained models without it, and where there are any, with it
     */
    record Findings(List<Step> steps, List<Trained> trained) implements Answer {
        /** The rounding error of sums in different order, in single precision. */
        private static final double ROUNDING = 1e-3;

        private Step without() {
            return step(false, true);
        }

        private Step with() {
            return step(true, true);
        }

        private Step frozen() {
            return step(true, false);
        }

        private Step step(boolean normalised, boolean byBatch) {
            return steps.stream()
                    .filter(step -> step.normalised() == normalised && step.byBatch() == byBatch)
                    .findFirst()
                    .orElseThrow();
        }

        private static boolean isEqual(Step step) {
            return step.atHalf() < ROUNDING;
        }

        @Override
        public Verdict verdict() {
            boolean parts = without().elsewhere() >= ROUNDING;
            if (isEqual(without()) && isEqual(with()) && parts) {
                return Verdict.CONFIRMED;
            }
            return isEqual(without()) || isEqual(with()) ? Verdict.MIXED : Verdict.CONTRADICTED;
        }

        @Override
        public String reading() {
            return gradients() + " " + models();
        }

        private String gradients() {
            return Words.text(
                    "At α = ½ the two gradients of a step are %.2g of their length apart without batch normalisation"
                            + " and %.2g with it%s.",
                    without().atHalf(),
                    with().atHalf(),
                    !isEqual(with()) && isEqual(frozen())
                            ? Words.text(
                                    ", but %.2g with its running statistics: the two differ because they are"
                                            + " normalised by different batches",
                                    frozen().atHalf())
                            : "");
        }

        private String models() {
            List<String> parts = trained.stream()
                    .map(pair -> Words.text(
                            "%s agree on %s of the test images (with another seed %s) and differ under FGSM by %s",
                            pair.name(),
                            Percent.of(pair.loss().agreementWith(pair.batch())),
                            Percent.of(pair.loss().agreementWith(pair.otherSeed())),
                            difference(pair)))
                    .toList();
            return "Models trained in the two ways " + String.join(", those ", parts) + ".";
        }

        private static String difference(Trained pair) {
            return Percent.points(
                    PairedComparison.of(pair.loss().robust(), pair.batch().robust())
                            .interval());
        }

        @Override
        public String because() {
            return Words.text(
                    "Relative distance of the gradients at α = ½: %.2g without and %.2g with batch normalisation (up to"
                            + " %.0e counts as rounding); at the nearest other α, %.2g without.",
                    without().atHalf(), with().atHalf(), ROUNDING, without().elsewhere());
        }

        LineChart chart() {
            LineChart chart =
                    new LineChart("One step: adversarial loss and adversarial batch", "α", "relative distance").logY();
            for (Step step : steps) {
                chart.curve(
                        step.name(),
                        step.distances().keySet().stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray(),
                        step.distances().values().stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray());
            }
            return chart;
        }

        Table stepTable() {
            List<Double> alphas = List.copyOf(steps.get(0).distances().keySet());
            List<Table.Column> columns = new ArrayList<>();
            columns.add(Table.text("network"));
            alphas.forEach(alpha -> columns.add(Table.text("α = " + alpha)));
            Table table = new Table(columns.toArray(Table.Column[]::new));
            for (Step step : steps) {
                List<Object> cells = new ArrayList<>();
                cells.add(step.name());
                step.distances().values().forEach(distance -> cells.add(Words.text("%.2e", distance)));
                table.row(cells.toArray());
            }
            return table;
        }

        Table trainedTable() {
            Table table = new Table(
                    Table.text("network"),
                    Table.text("adversarial loss and"),
                    Table.percent("same prediction", 1),
                    Table.text("clean: difference, 95 % interval"),
                    Table.text("FGSM: difference, 95 % interval"),
                    Table.number("p", "", 4));
            for (Trained pair : trained) {
                row(table, pair.name(), "adversarial batch", pair.loss(), pair.batch());
                row(table, pair.name(), "itself, another seed", pair.loss(), pair.otherSeed());
            }
            return table;
        }

        private static void row(Table table, String name, String what, Model first, Model second) {
            PairedComparison clean = PairedComparison.of(first.correct(), second.correct());
            PairedComparison robust = PairedComparison.of(first.robust(), second.robust());
            table.row(
                    name,
                    what,
                    first.agreementWith(second),
                    Percent.points(clean.interval()),
                    Percent.points(robust.interval()),
                    robust.pValue());
        }

        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            numbers.put("distance_without", without().atHalf());
            numbers.put("distance_without_elsewhere", without().elsewhere());
            numbers.put("distance_with", with().atHalf());
            numbers.put("distance_running_statistics", frozen().atHalf());
            for (Trained pair : trained) {
                String name = pair.name().replace(' ', '_');
                numbers.put("agreement_" + name, pair.loss().agreementWith(pair.batch()));
                numbers.put("agreement_other_seed_" + name, pair.loss().agreementWith(pair.otherSeed()));
                numbers.put(
                        "fgsm_difference_" + name,
                        PairedComparison.of(pair.loss().robust(), pair.batch().robust())
                                .difference());
            }
            return numbers;
        }
    }
}
