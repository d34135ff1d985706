package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchCommandTest {
    @ParameterizedTest
    @ValueSource(strings = {"vae-step", "pgd", "adversarial-step"})
    void measuresABatchOfThatSizeOnThatDevice(String name) throws IOException {
        JsonNode result = Ran.of(
                        "bench", name, "--device", "cpu", "--batch-size", 3, "--steps", 1, "--threads", 1, "--json")
                .succeeded()
                .json();

        assertThat(result.get("device").asText()).isEqualTo("cpu");
        assertThat(result.get("batch_size").asInt()).isEqualTo(3);
        assertThat(result.get("median_ms").asDouble()).isPositive();
        assertThat(result.get("sgemm_gflops").asDouble()).isPositive();
    }

    @Test
    void aLargerBatchIsMoreWork() throws IOException {
        assertThat(flopsOfAStep(6)).isEqualTo(2 * flopsOfAStep(3));
    }

    private static double flopsOfAStep(int batchSize) throws IOException {
        return Ran.of("bench", "vae-step", "--device", "cpu", "--batch-size", batchSize, "--steps", 1, "--json")
                .succeeded()
                .json()
                .get("flops_per_step")
                .asDouble();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --batch-size 0 | --batch-size 0: expected at least 1
                    --device gpu   | --device gpu: expected auto, cpu, cuda or cuda:INDEX
                    """)
    void whatItCannotDoIsRefused(String option, String message) {
        String[] words = option.split(" ");

        Ran ran = Ran.of("bench", "vae-step", words[0], words[1]);

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("varepsilon: " + message);
    }
}
