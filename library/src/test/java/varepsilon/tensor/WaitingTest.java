package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** OpenMP itself says how its threads wait: it prints its settings when it is loaded, if it is asked to. */
class WaitingTest {
    /** Prints how the engine thinks that threads wait, and the engine's threads. */
    static final class Load {
        private Load() {}

        public static void main(String[] arguments) {
            System.out.println("waiting " + Engine.describe().get("waiting"));
            System.out.println("threads " + Engine.threads());
        }
    }

    private static List<String> load(Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "GNU's OpenMP comes with the engine for Linux alone");
        return ForkedJvm.run(List.of(options), environment, Load.class);
    }

    @Test
    void threadsSleepWhileTheyWaitWhereNothingIsSet() throws IOException, InterruptedException {
        assertThat(load(Map.of("OMP_DISPLAY_ENV", "VERBOSE")))
                .contains("waiting OMP_WAIT_POLICY=PASSIVE", "  GOMP_SPINCOUNT = '0'");
    }

    @Test
    void aPersonsSettingHolds() throws IOException, InterruptedException {
        assertThat(load(Map.of("OMP_DISPLAY_ENV", "VERBOSE", "GOMP_SPINCOUNT", "77")))
                .contains("waiting GOMP_SPINCOUNT=77", "  GOMP_SPINCOUNT = '77'");
        assertThat(load(Map.of("OMP_DISPLAY_ENV", "VERBOSE", "OMP_WAIT_POLICY", "ACTIVE")))
                .contains("waiting OMP_WAIT_POLICY=ACTIVE", "  GOMP_SPINCOUNT = '30000000000'");
    }

    @Test
    void threadsAreNoMoreThanJavaMayUse() throws IOException, InterruptedException {
        assertThat(load(Map.of(), "-XX:ActiveProcessorCount=1")).contains("threads 1");
        assertThat(load(Map.of("OMP_NUM_THREADS", "3"), "-XX:ActiveProcessorCount=1"))
                .as("as many as a person wants")
                .contains("threads 3");
    }
}
