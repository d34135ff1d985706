package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

class DeviceTest {
    @Test
    void theProcessorIsAlwaysThere() {
        assertThat(Device.parse("cpu")).isEqualTo(Device.CPU).hasToString("cpu");
        assertThat(Device.parse("auto")).isNotNull();
        assertThat(new Device(Device.Kind.CUDA, 1)).hasToString("cuda:1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:1000", "cuda:0 "})
    void anythingElseIsRefused(String name) {
        assertThatThrownBy(() -> Device.parse(name))
                .isInstanceOf(InputException.class)
                .hasMessage("device " + name + ": expected auto, cpu, cuda or cuda:INDEX");
    }

    @Test
    void aGpuThatIsNotThereIsRefusedWithTheReason() {
        assumeTrue(Engine.whyNoCuda(0).isPresent(), "this machine has a GPU that the engine can use");
        assertThatThrownBy(() -> Device.parse("cuda:3"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("device cuda:3")
                .hasMessageContaining("use the device cpu");
        assertThat(Device.parse("auto")).isEqualTo(Device.CPU);
    }

    @Test
    void anIndexIsNotNegative() {
        assertThatThrownBy(() -> new Device(Device.Kind.CUDA, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theEngineSaysWhatItIs() {
        assertThat(Engine.describe())
                .containsKeys(
                        "engine", "platform", "blas", "onednn", "cpu_capability", "threads", "cuda", "native_cache")
                .allSatisfy((name, value) -> assertThat(value).as(name).isNotBlank());
        int before = Engine.threads();
        try {
            Engine.setThreads(1);
            assertThat(Engine.threads()).isEqualTo(1);
            assertThat(Engine.describe()).containsEntry("threads", "1");
        } finally {
            Engine.setThreads(before);
        }
        assertThatThrownBy(() -> Engine.setThreads(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
