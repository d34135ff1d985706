package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first start on a machine, when the native engine is still to be unpacked. */
class NativeCacheTest {
    @TempDir
    Path folder;

    /** Computes something that needs the engine and its BLAS. */
    static final class Compute {
        private Compute() {}

        public static void main(String[] arguments) {
            try (var scope = Scope.open()) {
                Tensor ones = Tensor.ones(DType.FLOAT32, 64, 64);
                System.out.println("sum " + ones.matmul(ones).sum().item());
            }
        }
    }

    @Test
    @Tag("slow") // unpacks 470 MB
    void theEngineUnpacksItselfAndComputes() throws IOException, InterruptedException {
        List<String> lines =
                ForkedJvm.run(List.of("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache")), Compute.class);
        assertThat(lines).contains("sum " + 64.0 * 64 * 64);
        assertThat(lines).anyMatch(line -> line.contains("First start"));
        List<String> again =
                ForkedJvm.run(List.of("-Dorg.bytedeco.javacpp.cachedir=" + folder.resolve("cache")), Compute.class);
        assertThat(again).contains("sum " + 64.0 * 64 * 64).noneMatch(line -> line.contains("First start"));
    }
}
