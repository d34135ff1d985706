package varepsilon.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.tensor.Scope;
import varepsilon.weights.Weights;

/** Each example runs, and prints what it says that it prints. */
class ExamplesTest {
    private static final Path FIXTURES = Path.of("../library/src/test/resources/varepsilon");

    @TempDir
    private Path folder;

    private interface Main {
        void run(String... args) throws IOException;
    }

    private static String printed(Main main, Path... files) throws IOException {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            main.run(List.of(files).stream().map(Path::toString).toArray(String[]::new));
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static double[] numbers(String text, String before) {
        return Pattern.compile(Pattern.quote(before) + "([0-9.]+)")
                .matcher(text)
                .results()
                .mapToDouble(match -> Double.parseDouble(match.group(1)))
                .toArray();
    }

    @Test
    void theVaeLearnsAndItsPictureIsWritten() throws IOException {
        Path picture = folder.resolve("samples.png");
        double[] bpd = numbers(printed(TrainVae::main, picture), ": ");
        assertThat(bpd).hasSize(4);
        assertThat(bpd[0]).isLessThan(4); // of a network without any knowledge, on 16 levels
        assertThat(bpd[3]).isLessThan(bpd[0]).isPositive();
        assertThat(ImageIO.read(picture.toFile()).getWidth()).isGreaterThan(8 * 28);
    }

    @Test
    void adversarialTrainingRaisesRobustAccuracy() throws IOException {
        String text = printed(TrainAndHardenClassifier::main);
        double[] clean = numbers(text, "clean accuracy ");
        double[] robust = numbers(text, "robust accuracy ");
        assertThat(Arrays.stream(clean).min().orElseThrow()).isGreaterThan(0.8);
        assertThat(robust[1]).isGreaterThan(robust[0] + 0.1);
    }

    @Test
    void aLambdaIsAttacked() throws IOException {
        String text = printed(AttackLambda::main);
        double[] robust = numbers(text, "robust accuracy ");
        assertThat(numbers(text, "clean accuracy ")[0])
                .isGreaterThan(robust[0] - 1e-9)
                .isGreaterThan(0.5);
        assertThat(robust[1]).isLessThan(robust[0] - 0.1);
    }

    @Test
    void theAttackOfOnesOwnIsStrongerThanNoise() throws IOException {
        String text = printed(WriteYourOwnAttack::main);
        double[] robust = numbers(text, "robust accuracy ");
        assertThat(text).contains("uniform-noise", "SummedGradients");
        assertThat(robust[1]).isLessThan(robust[0] - 0.1);
    }

    @Test
    void weightsFromPythonAreReadAndWritten() throws IOException {
        Path read = FIXTURES.resolve("generative/textbook_vae.pt");
        Path written = folder.resolve("model.safetensors");
        assertThat(printed(ReadWeightsFromPython::main, read, written)).contains("encoder.net.0.weight FLOAT32 [");
        try (var scope = Scope.withoutGradients()) {
            Weights before = Weights.read(read);
            Weights after = Weights.read(written);
            assertThat(after.names()).isEqualTo(before.names());
            for (String name : before.names()) {
                assertThat(after.get(name).toFloats())
                        .containsExactly(before.get(name).toFloats());
            }
        }
    }
}
