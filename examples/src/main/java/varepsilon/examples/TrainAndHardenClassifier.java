package varepsilon.examples;

import java.util.List;
import java.util.Locale;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Glyphs;
import varepsilon.nn.Adam;
import varepsilon.nn.Init;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.defense.AdversarialLoss;
import varepsilon.robust.defense.Adversary;
import varepsilon.robust.defense.ClassifierObjective;
import varepsilon.robust.defense.ClassifierObjective.Settings;
import varepsilon.robust.defense.StandardTraining;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Seed;
import varepsilon.train.Fit;
import varepsilon.train.Monitor;
import varepsilon.train.TrainingPlan;

/**
 * Trains a small network on drawn digits, then goes on with adversarial training; measures both under the same attack.
 */
public final class TrainAndHardenClassifier {
    private static final ThreatModel THREAT = ThreatModel.of(Norm.LINF, 0.1);

    private TrainAndHardenClassifier() {}

    /** Prints clean and robust accuracy after each of the two trainings. */
    public static void main(String[] args) {
        Adversary adversary = new Adversary(Pgd.ofSteps(4), THREAT);
        Settings checked = new Settings(0, adversary); // no label smoothing; validation attacks too
        try (var init = Seed.of(42).split("init").stream();
                NetworkClassifier classifier =
                        new Architecture("small-cnn", 10, Normalisation.none(1)).create(Init.on(Device.CPU, init));
                ClassifierObjective plain = new StandardTraining(classifier, Settings.PLAIN);
                ClassifierObjective hardening = new AdversarialLoss(classifier, checked, adversary, 0)) {
            fit(plain, 2, Monitor.largest("accuracy"));
            print("standard training", classifier);
            fit(hardening, 3, Monitor.largest("robust_accuracy"));
            print("then adversarial", classifier);
        }
    }

    private static void fit(ClassifierObjective objective, int epochs, Monitor monitor) {
        try (var adam = new Adam(objective.model().parameters(), 2e-3)) {
            Fit.of(objective, adam, TrainingPlan.of(epochs, 50, 42, monitor))
                    .run(Glyphs.draw("digits", 3_000, 1), Glyphs.draw("held out", 300, 3));
        }
    }

    private static void print(String training, NetworkClassifier classifier) {
        var report = new RobustEvaluation(List.of(Trial.untargeted(Pgd.ofSteps(20), THREAT)), 100, 42, Device.CPU)
                .of(classifier, Glyphs.draw("test", 500, 2));
        System.out.println(String.format(
                Locale.ROOT,
                "%s: clean accuracy %.3f, robust accuracy %.3f",
                training,
                report.clean().rate(),
                report.worstCaseAccuracy().rate()));
    }
}
