package varepsilon.examples;

import java.util.List;
import varepsilon.classify.Classifier;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Attacks a function from pixels to logits: here the nearest of ten mean images. */
public final class AttackLambda {
    private AttackLambda() {}

    /** Prints clean and robust accuracy. */
    public static void main(String[] args) {
        ThreatModel threat = ThreatModel.of(Norm.LINF, 16 / 255.0);
        List<Trial> trials =
                List.of(Trial.untargeted(new UniformNoise(), threat), Trial.untargeted(Pgd.ofSteps(10), threat));
        try (Scope scope = Scope.open()) {
            RobustnessReport report =
                    new RobustEvaluation(trials, 100, 42, Device.CPU).of(nearestMean(), Glyphs.draw("new", 500, 2));
            System.out.println("clean accuracy " + report.clean().rate());
            report.trials()
                    .forEach(trial -> System.out.println(
                            "robust accuracy " + trial.accuracy().rate() + " under "
                                    + trial.trial().attack().name()));
        }
    }

    /**
     * A classifier is any function from pixels, N×C×H×W in [0, 1], to logits. This one lives as long as the open scope.
     */
    static Classifier nearestMean() {
        ImageSet known = Glyphs.draw("known", 2_000, 1);
        Batch all = Batches.of(known, known.size()).iterator().next();
        Tensor isOfClass = Tensor.arange(10).unsqueeze(1).eq(all.labels()).to(DType.FLOAT32);
        Tensor sums = isOfClass.matmul(all.pixels(Device.CPU).flatten(1));
        Tensor means = sums.div(isOfClass.sum(1).unsqueeze(1)); // 10×784
        Tensor norms = means.square().sum(1);
        // −‖x − m‖² is 2 x·m − ‖m‖², but for a term that all classes share.
        return pixels -> pixels.flatten(1).matmul(means.transpose(0, 1)).mul(2).sub(norms);
    }
}
