package varepsilon.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import varepsilon.classify.OnnxRunner;

/** ONNX Runtime parses the command line with a recursion as deep as that is long. */
class LongCommandLineTest {
    /** What the process does that has the long command line. */
    static final class Starting {
        private Starting() {}

        public static void main(String[] arguments) {
            System.out.println(OnnxRunner.find().orElseThrow().name());
        }
    }

    @Test
    void aLongClassPathDoesNotOverflowTheStack() throws Exception {
        String absent = IntStream.range(0, 5000)
                .mapToObj(i -> "absent" + i + ".jar")
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path") + File.pathSeparator + absent,
                        Starting.class.getName()))
                .redirectErrorStream(true)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(out).isZero();
        assertThat(out).contains("ONNX Runtime ");
    }
}
