package varepsilon.lab.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.base.Declared;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.VaeAttackReport;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.vae.VaeAttack;
import varepsilon.tensor.Device;

/** {@code varepsilon vae attack}. */
@Command(
        name = "attack",
        description = "Attacks a VAE: small perturbations that change what it makes of an image.",
        footer = {
            "",
            "Goals: latent, the code of the next image; output, the reconstruction of the next image; bits, an image that"
                    + " takes many bits.",
            "",
            "Example:",
            "  varepsilon vae attack --weights runs/digits --data mnist --limit 100 --goal latent --eps 0.1 --out attacked.png"
        })
final class VaeAttackCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Mixin
    private final DataOptions data = new DataOptions();

    @Option(
            names = "--split",
            paramLabel = "PART",
            defaultValue = "test",
            description = "train or test (default: ${DEFAULT-VALUE}).")
    private Split split;

    @Option(
            names = "--goal",
            paramLabel = "NAME",
            defaultValue = "latent",
            description = "latent, output or bits (default: ${DEFAULT-VALUE}).")
    private String goal;

    @Option(
            names = "--norm",
            paramLabel = "NAME",
            defaultValue = "linf",
            description = "linf, l2 or l1 (default: ${DEFAULT-VALUE}).")
    private String norm;

    @Option(
            names = "--eps",
            paramLabel = "X",
            converter = Fraction.class,
            defaultValue = "0.1",
            description = "Largest perturbation, in pixel units (default: ${DEFAULT-VALUE}).")
    private double epsilon;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "50",
            description = "Gradients for each image (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images at once (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Mixin
    private final PictureOptions pictures = new PictureOptions();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    VaeAttackCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        VaeAttack attack = Usage.check(
                spec,
                () -> new VaeAttack(VaeAttack.Goal.named(goal), ThreatModel.of(Norm.named(norm), epsilon), steps));
        if (batchSize < 1) {
            throw Usage.wrong(spec, "--batch-size " + batchSize + ": expected at least 1");
        }
        pictures.check();
        Device device = compute.start();
        ImageSet images = data.load(split, output);
        try (VaeFile file = weights.readVae(device, output)) {
            file.requireFits(images);
            VaeAttackReport.Outcome outcome;
            try (WorkProgress progress = new WorkProgress(output, "images")) {
                outcome = VaeAttackReport.of(file.vae(), images, attack, batchSize, compute.seed(), progress);
            }
            String picture =
                    pictures.save(outcome.picture().caption(goal + ", " + norm + " " + Declared.text(epsilon)));
            output.result(outcome.report(), text(outcome.report(), file) + System.lineSeparator() + "Wrote " + picture);
        }
        return 0;
    }

    private static String text(VaeAttackReport report, VaeFile file) {
        String bits = String.format(
                Locale.ROOT,
                "%,d images: %.4f %s before, %.4f after.",
                report.n(),
                report.bpdBefore(),
                file.vae().likelihood().bpdUnit(),
                report.bpdAfter());
        return report.distanceBefore() == null
                ? bits
                : bits
                        + String.format(
                                Locale.ROOT,
                                "%nDistance of the reconstruction from the target image: %.2f before, %.2f after; %.2f for"
                                        + " the target's own reconstruction.",
                                report.distanceBefore(),
                                report.distanceAfter(),
                                report.distanceReachable());
    }
}
