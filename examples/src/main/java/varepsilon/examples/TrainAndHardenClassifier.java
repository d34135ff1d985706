package varepsilon.examples;

import java.util.List;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Batches;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.nn.Optimizer;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.robust.defense.StandardTraining;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;

/** Trains a small network on drawn digits, then goes on with adversarial training; measures both under the same attack. */
public final class TrainAndHardenClassifier {
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);

    private TrainAndHardenClassifier() {}

    /** Prints clean and robust accuracy after each of the two trainings. */
    public static void main(String[] args) {
        ImageSet digits = Glyphs.draw("digits", 3_000, 1);
        Architecture network = new Architecture("small-cnn", 10, Normalisation.none(1));
        Adversary adversary = new Adversary(Pgd.ofSteps(4), THREAT);
        try (Rng init = Seed.of(42).split("init").stream();
                NetworkClassifier classifier = network.create(Init.on(Device.CPU, init));
                ClassifierObjective plain = new StandardTraining(classifier, ClassifierObjective.Settings.PLAIN);
                ClassifierObjective hardening =
                        new AdversarialLoss(classifier, ClassifierObjective.Settings.PLAIN, adversary, 0)) {
            fit(plain, digits, 2);
            print("standard training", classifier);
            fit(hardening, digits, 3);
            print("then adversarial", classifier);
        }
    }

    private static void fit(ClassifierObjective objective, ImageSet images, int epochs) {
        try (Rng noise = Seed.of(42).split("noise").stream();
                Optimizer adam = new Adam(objective.model().parameters(), 2e-3)) {
            for (int epoch = 0; epoch < epochs; epoch++) {
                var batches = Batches.of(images, 50).shuffled(42, epoch).iterator();
                while (batches.hasNext()) {
                    try (Scope scope = Scope.open()) {
                        adam.step(Gradients.of(
                                objective.evaluate(batches.next(), noise).loss(), adam.parameters()));
                    }
                }
            }
        }
    }

    private static void print(String training, NetworkClassifier classifier) {
        var evaluation = new RobustEvaluation(List.of(Trial.untargeted(Pgd.ofSteps(20), THREAT)), 100, 42, Device.CPU);
        RobustnessReport report = evaluation.of(classifier, Glyphs.draw("test", 500, 2));
        System.out.printf(
                "%s: clean accuracy %.3f, robust accuracy %.3f%n",
                training, report.clean().rate(), report.worstCaseAccuracy().rate());
    }
}
