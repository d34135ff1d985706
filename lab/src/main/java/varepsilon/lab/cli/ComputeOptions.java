package varepsilon.lab.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import varepsilon.lab.run.Machine;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;

/** Device, threads and seed. */
final class ComputeOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, cpu, cuda or cuda:INDEX (default: auto, a GPU where there is one).")
    private String device;

    @Option(names = "--threads", paramLabel = "N", description = "Threads to compute with (default: all cores).")
    private Integer threads;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "42",
            description = "Seed of all random numbers (default: ${DEFAULT-VALUE}).")
    private long seed;

    Device device() {
        return Usage.check(command, () -> Device.parse(device));
    }

    int threads() {
        if (threads != null && threads < 1) {
            throw Usage.wrong(command, "--threads " + threads + ": expected at least 1");
        }
        return threads == null ? Machine.cores() : threads;
    }

    long seed() {
        return seed;
    }

    /** Sets the engine's threads and returns the device. */
    Device start() {
        Engine.setThreads(threads());
        return device();
    }
}
