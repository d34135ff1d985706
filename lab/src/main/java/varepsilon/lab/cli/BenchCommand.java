package varepsilon.lab.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import varepsilon.lab.experiment.Machine;
import varepsilon.lab.experiment.VaeStepBenchmark;
import varepsilon.tensor.Engine;

/** {@code varepsilon bench}. */
@Command(
        name = "bench",
        description = "Measures speed on this machine, against the textbook formulation on the same engine.",
        footer = {"", "Example:", "  varepsilon bench vae-step --threads 2"})
final class BenchCommand implements Callable<Integer> {
    private static final String VAE_STEP = "vae-step";

    @Spec
    private CommandSpec command;

    @Parameters(
            arity = "0..1",
            paramLabel = "NAME",
            defaultValue = VAE_STEP,
            description = "What to measure: " + VAE_STEP + ", a training step of the VAE (default: ${DEFAULT-VALUE}).")
    private String name;

    @Option(names = "--threads", paramLabel = "N", description = "Threads to compute with (default: all cores).")
    private Integer threads;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "40",
            description = "Steps of each kind that count (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Mixin
    private final Output output;

    BenchCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() {
        if (!name.equals(VAE_STEP)) {
            throw Usage.wrong(command, "benchmark '" + name + "': expected " + VAE_STEP);
        }
        if (steps < 1) {
            throw Usage.wrong(command, "--steps " + steps + ": expected at least 1");
        }
        if (threads != null && threads < 1) {
            throw Usage.wrong(command, "--threads " + threads + ": expected at least 1");
        }
        Engine.setThreads(threads == null ? Machine.cores() : threads);
        VaeStepBenchmark.Result result = VaeStepBenchmark.run(steps);
        output.result(result, text(result));
        return 0;
    }

    private static String text(VaeStepBenchmark.Result result) {
        return String.format(
                Locale.ROOT,
                """
                A training step of the VAE (20 latent dimensions, 32 filters, batch 128), median of %d, %d thread(s):
                  here            %8.1f ms
                  textbook        %8.1f ms, on the same engine: %.2f times ours
                  convolutions    %8.1f GFLOP/s, %.0f %% of what matrix products reach here (%.1f GFLOP/s)
                """,
                result.steps(),
                result.threads(),
                result.medianMs(),
                result.textbookMedianMs(),
                result.speedup(),
                result.gflops(),
                100 * result.utilisation(),
                result.sgemmGflops());
    }
}
