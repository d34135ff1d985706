package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.nn.Adam;
import varepsilon.nn.BatchNorm2d;
import varepsilon.nn.Conv2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.nn.Linear;
import varepsilon.nn.Optimizer;
import varepsilon.nn.Sequential;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.ForkedJvm;
import varepsilon.tensor.Gradients;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** Thousands of training steps leave nothing behind in native memory, which the garbage collector does not see. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "resident memory is read from /proc")
class MemoryTest {
    private static final int WARM_UP = 500;
    private static final int STEPS = 3000;

    /**
     * In kB. The heap is resident from the start, so what grows is native. A step makes some sixty tensors of 1 to
     * 100 kB; if one of 1 kB were left behind at each of the 3000 steps, that would be 3 MB. What the allocator and
     * the JVM's own compiler add after the warm-up is below that.
     */
    private static final long LIMIT = 3000;

    /** Trains and prints resident memory in kB, after the warm-up and at the end. */
    static final class Train {
        private Train() {}

        public static void main(String[] arguments) {
            int failEvery = Integer.parseInt(arguments[0]);
            Engine.setThreads(1);
            try (Rng rng = Seed.of(1).stream();
                    Sequential model = network(Init.on(Device.CPU, rng));
                    Optimizer optimizer = new Adam(model.parameters(), 1e-3)) {
                for (int step = 1; step <= WARM_UP + STEPS; step++) {
                    try {
                        step(model, optimizer, rng, failEvery > 0 && step % failEvery == 0);
                    } catch (IllegalStateException e) {
                        if (!e.getMessage().equals("on purpose")) {
                            throw e;
                        }
                    }
                    if (step == WARM_UP || step == WARM_UP + STEPS) {
                        System.out.println(residentKilobytes());
                    }
                }
            }
        }

        private static Sequential network(Init init) {
            return new Sequential(
                    new Conv2d(1, 8, 3, 2, 1, true, init),
                    new BatchNorm2d(8, init),
                    Layer.of(Ops::gelu),
                    new Conv2d(8, 8, 3, 2, 1, true, init),
                    Layer.of(x -> x.relu().flatten(1)),
                    new Linear(8 * 16, 10, init));
        }

        private static void step(Sequential model, Optimizer optimizer, Rng rng, boolean fail) {
            try (var scope = Scope.open()) {
                Tensor logits = model.forward(rng.normal(16, 1, 16, 16));
                Tensor loss =
                        Ops.crossEntropy(logits, Tensor.zeros(DType.INT64, 16)).mean();
                List<Tensor> gradients = Gradients.of(loss, optimizer.parameters());
                if (fail) {
                    throw new IllegalStateException("on purpose");
                }
                optimizer.step(gradients);
                loss.item();
            }
        }

        private static long residentKilobytes() {
            try {
                return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 10})
    void residentMemoryStaysFlat(int failEvery) throws IOException, InterruptedException {
        List<String> printed = ForkedJvm.run(
                // Without the JVM's optimising compiler, whose own memory comes and goes by megabytes.
                List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                Train.class,
                Integer.toString(failEvery));
        List<Long> resident = printed.stream()
                .filter(line -> line.matches("\\d+"))
                .map(Long::valueOf)
                .toList();
        assertThat(resident).as(String.join("\n", printed)).hasSize(2);
        assertThat(resident.get(1) - resident.get(0))
                .as("growth from %s kB", resident.get(0))
                .isLessThan(LIMIT);
    }
}
