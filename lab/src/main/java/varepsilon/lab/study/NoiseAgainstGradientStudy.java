package varepsilon.lab.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.lab.evaluate.AttackPictures;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Table;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.SignNoise;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;
import varepsilon.stats.PairedComparison;
import varepsilon.stats.Percent;

/**
 * Question 2.1a: noise and FGSM of the same size. Sign noise changes every pixel as much as FGSM does, so that the two
 * differ in the signs alone. For a linear model the effect of the signs is known: FGSM raises the loss by ε‖g‖₁ and
 * sign noise by E|δ·g|; for the network it is measured.
 */
final class NoiseAgainstGradientStudy extends Study {
    /** In the order of the trials at each ε. */
    private static final List<Perturbation> PERTURBATIONS = List.of(Perturbation.values());

    private static final int SHOWN = 8;

    /** The perturbations compared. */
    enum Perturbation {
        UNIFORM("uniform noise"),
        SIGN("sign noise"),
        FGSM("FGSM"),
        EXACT("FGSM, exact loss");

        private final String label;

        Perturbation(String label) {
            this.label = label;
        }

        Trial trial(double epsilon) {
            ThreatModel threat = ThreatModel.of(Norm.LINF, epsilon);
            return Trial.untargeted(
                    switch (this) {
                        case UNIFORM -> new UniformNoise();
                        case SIGN -> new SignNoise();
                        case FGSM -> new Fgsm();
                        case EXACT -> new Fgsm(AttackLoss.EXACT_CROSS_ENTROPY);
                    },
                    threat);
        }
    }

    NoiseAgainstGradientStudy() {
        super(
                "2.1a",
                "Noise against FGSM",
                "Why does a random perturbation of size ε not do what an FGSM perturbation of that size does?",
                "Random signs are not led by the gradient and rarely point to where the loss rises most; FGSM's do, so"
                        + " that even a small perturbation pushes an image over the decision boundary.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        ClassifierWork work = ClassifierWork.of(context, context.pick(200, 2000, 10_000));
        List<Double> epsilons = work.epsilons();
        List<Trial> trials = new ArrayList<>();
        for (double epsilon : epsilons) {
            for (Perturbation perturbation : PERTURBATIONS) {
                trials.add(perturbation.trial(epsilon));
            }
        }
        try (ClassifierFile file = work.read(work.pretrained())) {
            Classifier model = file.classifier();
            LossGeometry.Alignment alignment = LossGeometry.alignment(
                    model, work.test().limit(context.pick(100, 500, 2000)), context.seed(), context.device());
            LossGeometry.Effects effects =
                    new LossGeometry.Effects(model, work.test(), trials.size(), context.device());
            Trial shownTrial = Perturbation.FGSM.trial(work.epsilon());
            AttackPictures fallen = AttackPictures.first(
                    SHOWN,
                    trials.indexOf(shownTrial),
                    shownTrial,
                    model,
                    work.test().classNames());
            RobustnessReport report =
                    work.measure("noise and FGSM", model, work.test(), trials, effects.andThen(fallen));
            Findings findings = findings(work.epsilon(), epsilons, report, alignment);
            List<Exhibit> exhibits = new ArrayList<>();
            exhibits.add(new Exhibit.Chart(
                    accuracyChart(epsilons, report),
                    "Accuracy as the perturbation grows, with 95 % intervals. The exact loss is FGSM's computed in"
                            + " double precision: where the model is confident, single precision leaves no gradient to"
                            + " follow."));
            exhibits.add(new Exhibit.Chart(
                    marginChart(epsilons, effects),
                    "By how much a perturbation lowers the margin of the true class over the next, on average over the"
                            + " images that are correctly classified before."));
            exhibits.add(new Exhibit.Numbers(
                    table(epsilons, report, effects),
                    "Accuracy with 95 % interval of " + report.n() + " test images, and what happened on average to"
                            + " those that were correctly classified before: by how much the loss rose and the"
                            + " margin of the true class fell."));
            exhibits.addAll(pictures(work, model, fallen));
            return findings.with(exhibits);
        }
    }

    private static List<Exhibit> pictures(ClassifierWork work, Classifier model, AttackPictures fallen) {
        if (fallen.shown().length == 0) {
            return List.of();
        }
        Trial noise = Perturbation.SIGN.trial(work.epsilon());
        AttackPictures same =
                AttackPictures.of(fallen.shown(), 0, noise, model, work.test().classNames());
        int last = Arrays.stream(fallen.shown()).max().orElseThrow();
        ImageSet images = work.test().limit(last + 1);
        work.measure("the pictures of noise", model, images, List.of(noise), same);
        String size = "ε = " + AttackSpec.pixels(work.epsilon());
        return List.of(
                new Exhibit.Picture(
                        "fgsm",
                        fallen.grid().title("FGSM at " + size).toPng(),
                        "Images misclassified under FGSM, the perturbation, and the prediction on the perturbed"
                                + " image."),
                new Exhibit.Picture(
                        "sign-noise",
                        same.grid().title("Sign noise at " + size).toPng(),
                        "The same images under sign noise, which moves every pixel as far."));
    }

    private static boolean[] robust(RobustnessReport report, int epsilon, Perturbation perturbation) {
        return report.trials().get(trial(epsilon, perturbation)).robust();
    }

    private static Findings findings(
            double epsilon, List<Double> epsilons, RobustnessReport report, LossGeometry.Alignment alignment) {
        int at = epsilons.indexOf(epsilon);
        return new Findings(
                epsilon,
                report.clean(),
                PairedComparison.of(robust(report, at, Perturbation.SIGN), robust(report, at, Perturbation.FGSM)),
                alignment);
    }

    private static LineChart accuracyChart(List<Double> epsilons, RobustnessReport report) {
        LineChart chart = new LineChart("Accuracy under noise and under FGSM", "ε in grey levels of 255", "accuracy");
        double[] x = greyLevels(epsilons);
        for (Perturbation perturbation : PERTURBATIONS) {
            List<Interval> y = new ArrayList<>(List.of(report.clean().interval()));
            for (int i = 0; i < epsilons.size(); i++) {
                y.add(Accuracy.of(robust(report, i, perturbation)).interval());
            }
            chart.curve(perturbation.label, x, y);
        }
        return chart;
    }

    private static LineChart marginChart(List<Double> epsilons, LossGeometry.Effects effects) {
        LineChart chart = new LineChart("Loss of margin", "ε in grey levels of 255", "logits");
        double[] x = greyLevels(epsilons);
        for (Perturbation perturbation : PERTURBATIONS) {
            double[] y = new double[x.length];
            for (int i = 1; i < x.length; i++) {
                y[i] = effects.of(trial(i - 1, perturbation)).marginLost();
            }
            chart.curve(perturbation.label, x, y);
        }
        return chart;
    }

    /** With 0, where all curves begin. */
    private static double[] greyLevels(List<Double> epsilons) {
        double[] x = new double[epsilons.size() + 1];
        for (int i = 1; i < x.length; i++) {
            x[i] = 255 * epsilons.get(i - 1);
        }
        return x;
    }

    private static int trial(int epsilon, Perturbation perturbation) {
        return epsilon * PERTURBATIONS.size() + PERTURBATIONS.indexOf(perturbation);
    }

    private static Table table(List<Double> epsilons, RobustnessReport report, LossGeometry.Effects effects) {
        Table table = new Table(
                Table.text("ε"),
                Table.text("perturbation"),
                Table.percent("accuracy", 1),
                Table.text("95 % interval"),
                Table.number("loss rises by", "nats", 3),
                Table.number("margin lost", "logits", 3),
                Table.number("margin lost per grey level", "logits", 4));
        Accuracy clean = report.clean();
        table.row("0", "none", clean.rate(), Percent.range(clean.interval()), 0.0, 0.0, null);
        for (int i = 0; i < epsilons.size(); i++) {
            for (Perturbation perturbation : PERTURBATIONS) {
                Accuracy accuracy = Accuracy.of(robust(report, i, perturbation));
                LossGeometry.Effect effect = effects.of(trial(i, perturbation));
                table.row(
                        AttackSpec.pixels(epsilons.get(i)),
                        perturbation.label,
                        accuracy.rate(),
                        Percent.range(accuracy.interval()),
                        effect.lossGained(),
                        effect.marginLost(),
                        effect.marginLost() / (255 * epsilons.get(i)));
            }
        }
        return table;
    }

    /**
     * The measurements.
     *
     * @param epsilon at which the two are compared
     * @param clean accuracy without perturbation
     * @param noiseAndFgsm correctly classified under sign noise (first) and under FGSM (second), on the same images
     * @param alignment of random signs with the gradient
     */
    record Findings(double epsilon, Accuracy clean, PairedComparison noiseAndFgsm, LossGeometry.Alignment alignment)
            implements Answer {
        /** The loss of accuracy under noise as a part of that under FGSM; infinite where FGSM causes none. */
        double shareOfDamage() {
            return (clean.rate() - noiseAndFgsm.first().rate())
                    / (clean.rate() - noiseAndFgsm.second().rate());
        }

        @Override
        public Verdict verdict() {
            Interval difference = noiseAndFgsm.interval();
            if (difference.high() < 0) {
                return Verdict.CONTRADICTED;
            }
            if (difference.low() <= 0) {
                return Verdict.UNDECIDED;
            }
            return shareOfDamage() < 0.5 ? Verdict.CONFIRMED : Verdict.MIXED;
        }

        @Override
        public String reading() {
            return comparison() + " " + reason();
        }

        private String comparison() {
            String both = String.format(
                    Locale.ROOT,
                    "At ε = %s, accuracy is %s under sign noise and %s under FGSM, and %s without a perturbation",
                    AttackSpec.pixels(epsilon),
                    Percent.of(noiseAndFgsm.first().interval()),
                    Percent.of(noiseAndFgsm.second().interval()),
                    Percent.of(clean.interval()));
            return switch (verdict()) {
                case CONTRADICTED -> both + ": noise lowers it more.";
                case UNDECIDED -> both + ": no clear difference.";
                default ->
                    both + ": noise lowers it by " + Percent.of(Math.max(0, shareOfDamage())) + " of what FGSM does.";
            };
        }

        private String reason() {
            return String.format(
                    Locale.ROOT,
                    "To first order random signs change the margin of the true class by %s of what the gradient's signs"
                            + " do, up as often as down (√(2/π)·‖g‖₂/‖g‖₁ predicts %s): %s.",
                    Percent.of(alignment.measured()),
                    Percent.of(alignment.predicted()),
                    alignment.measured() < 0.5
                            ? "in so many dimensions nearly all of them are at a right angle to it"
                            : "there are so few dimensions that random signs come close to it");
        }

        @Override
        public String because() {
            return "On the same images, accuracy under sign noise less that under FGSM is "
                    + Percent.points(noiseAndFgsm.interval()) + ".";
        }

        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            numbers.put("epsilon", epsilon);
            numbers.put("clean_accuracy", clean.interval());
            numbers.put("sign_noise_accuracy", noiseAndFgsm.first().interval());
            numbers.put("fgsm_accuracy", noiseAndFgsm.second().interval());
            numbers.put("difference", noiseAndFgsm.interval());
            numbers.put("alignment", alignment.measured());
            numbers.put("alignment_predicted", alignment.predicted());
            return numbers;
        }
    }
}
