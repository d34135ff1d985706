package varepsilon.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MachineTest {
    /** A line of {@code /proc/cpuinfo} for each processor: socket, core. */
    private static List<String> cpuInfo(int[]... processors) {
        List<String> lines = new ArrayList<>();
        for (int[] processor : processors) {
            lines.addAll(List.of(
                    "processor\t: " + lines.size(),
                    "model name\t: Some Processor",
                    "physical id\t: " + processor[0],
                    "core id\t\t: " + processor[1],
                    ""));
        }
        return lines;
    }

    @Test
    void threadsOfOneCoreCountOnce() {
        assertThat(Machine.physicalCores(
                        cpuInfo(new int[] {0, 0}, new int[] {0, 1}, new int[] {0, 0}, new int[] {0, 1})))
                .isEqualTo(2);
    }

    @Test
    void coresOfTwoSocketsCountTwice() {
        assertThat(Machine.physicalCores(cpuInfo(new int[] {0, 0}, new int[] {1, 0})))
                .isEqualTo(2);
    }

    @Test
    void processorsWithoutCoresAreUnknown() {
        assertThat(Machine.physicalCores(List.of("processor\t: 0", "BogoMIPS\t: 100.00")))
                .isZero();
    }

    @Test
    void thisMachineHasAtLeastOneAndNoMoreThanJavaMayUse() {
        assertThat(Machine.cores()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }
}
