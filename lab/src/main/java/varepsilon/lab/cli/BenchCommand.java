package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import varepsilon.data.Datasets;
import varepsilon.data.Split;
import varepsilon.lab.machine.AttackBenchmark;
import varepsilon.lab.machine.BenchmarkResult;
import varepsilon.lab.machine.VaeStepBenchmark;
import varepsilon.lab.run.Machine;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;

/** {@code varepsilon bench}. */
@Command(
        name = "bench",
        description = "Measures speed on this machine, against the textbook formulation on the same engine.",
        footer = {
            "",
            "Examples:",
            "  varepsilon bench vae-step --threads 2",
            "  varepsilon bench vae-step --device cuda --batch-size 1024",
            "  varepsilon bench pgd --weights cifar10-resnet20.safetensors"
        })
final class BenchCommand implements Callable<Integer> {
    private static final List<String> BENCHMARKS =
            List.of(VaeStepBenchmark.NAME, AttackBenchmark.PGD, AttackBenchmark.ADVERSARIAL_STEP);
    private static final int VAE_STEPS = 40;
    private static final int ATTACK_STEPS = 10;

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            defaultValue = VaeStepBenchmark.NAME,
            description = {
                "What to measure (default: ${DEFAULT-VALUE}):",
                "  " + VaeStepBenchmark.NAME + ", a training step of the VAE",
                "  " + AttackBenchmark.PGD + ", PGD with 10 steps on a ResNet-20",
                "  " + AttackBenchmark.ADVERSARIAL_STEP + ", a training step of a ResNet-20 with PGD of 7 steps"
            })
    private String name;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = {
                "A trained ResNet-20 to attack, on CIFAR-10's first test images (default: an untrained one, on noise).",
                "The speed of an attack depends on the model: misclassified images leave the batch."
            })
    private Path weights;

    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, cpu, cuda or cuda:INDEX (default: auto, a GPU where there is one).")
    private String device;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "128",
            description = "Images in a batch (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Option(names = "--threads", paramLabel = "N", description = "Threads to compute with (default: all cores).")
    private Integer threads;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Steps of each kind that count (default: 40 of the VAE, 10 of the others).")
    private Integer steps;

    @Mixin
    private final Output output;

    BenchCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        if (!BENCHMARKS.contains(name)) {
            throw Usage.wrong(spec, "benchmark '" + name + "': expected one of " + String.join(", ", BENCHMARKS));
        }
        if (steps != null && steps < 1) {
            throw Usage.wrong(spec, "--steps " + steps + ": expected at least 1");
        }
        if (threads != null && threads < 1) {
            throw Usage.wrong(spec, "--threads " + threads + ": expected at least 1");
        }
        if (weights != null && name.equals(VaeStepBenchmark.NAME)) {
            throw Usage.wrong(spec, "--weights: " + name + " measures a VAE of random weights");
        }
        if (batchSize < 1) {
            throw Usage.wrong(spec, "--batch-size " + batchSize + ": expected at least 1");
        }
        Device where = Usage.check(spec, () -> Device.parse(device));
        Engine.setThreads(threads == null ? Machine.cores() : threads);
        BenchmarkResult result = name.equals(VaeStepBenchmark.NAME)
                ? VaeStepBenchmark.run(where, batchSize, steps == null ? VAE_STEPS : steps)
                : attack(where, steps == null ? ATTACK_STEPS : steps);
        output.result(result, text(result));
        return 0;
    }

    private BenchmarkResult attack(Device where, int rounds) throws IOException {
        try (AttackBenchmark benchmark = weights == null
                ? AttackBenchmark.untrained(where, batchSize)
                : AttackBenchmark.trained(
                        weights,
                        Datasets.load("cifar10", Split.TEST, folder.folder()).limit(batchSize),
                        where)) {
            return name.equals(AttackBenchmark.PGD) ? benchmark.pgd(rounds) : benchmark.adversarialStep(rounds);
        }
    }

    private static String text(BenchmarkResult result) {
        return String.format(
                Locale.ROOT,
                """
                %s, median of %d, on %s, %d thread(s):
                  here            %8.1f ms
                  textbook        %8.1f ms, on the same engine: %.2f times as long
                  convolutions    %8.1f GFLOP/s, %.0f %% of what matrix products reach here (%.1f GFLOP/s)
                """,
                result.work(),
                result.steps(),
                result.device(),
                result.threads(),
                result.medianMs(),
                result.textbookMedianMs(),
                result.speedup(),
                result.gflops(),
                100 * result.utilisation(),
                result.sgemmGflops());
    }
}
