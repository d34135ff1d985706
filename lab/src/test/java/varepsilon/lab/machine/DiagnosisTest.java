package varepsilon.lab.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiagnosisTest {
    private static final Map<String, String> LAUNCHED = Map.of(
            "OPENBLAS_NUM_THREADS", "1",
            "MALLOC_MMAP_THRESHOLD_", "1",
            "MALLOC_TRIM_THRESHOLD_", "1",
            "MALLOC_TOP_PAD_", "1");
    private static final Map<String, String> ENGINE = Map.of("platform", "linux-x86_64");

    private static Diagnosis.Folder folder(long freeMb) {
        return new Diagnosis.Folder("data sets", Path.of("data"), 0, freeMb);
    }

    @Test
    void whereAllIsWellThereIsNothingToSay() {
        assertThat(Diagnosis.advice(ENGINE, List.of(folder(10_000)), LAUNCHED, "UTF-8"))
                .isEmpty();
    }

    @Test
    void everyFaultIsNamed() {
        List<String> advice = Diagnosis.advice(
                Map.of("platform", "linux-x86_64", "error", "no luck", "waiting", "OMP_WAIT_POLICY=ACTIVE"),
                List.of(folder(5)),
                Map.of(),
                "ANSI_X3.4-1968");

        assertThat(advice).hasSize(6);
        assertThat(advice.get(0)).contains("cannot be loaded: no luck");
        assertThat(advice.get(1)).startsWith("OPENBLAS_NUM_THREADS is not set");
        assertThat(advice.get(2)).contains("MALLOC_TRIM_THRESHOLD_");
        assertThat(advice.get(3)).contains("OMP_WAIT_POLICY=PASSIVE");
        assertThat(advice.get(4)).startsWith("Java takes file names for ANSI_X3.4-1968");
        assertThat(advice.get(5)).startsWith("There are 5 MB free where the data sets go (data)");
    }

    @Test
    void onOtherSystemsTheAllocatorIsNotGlibcs() {
        assertThat(Diagnosis.advice(
                        Map.of("platform", "macosx-arm64"), List.of(), Map.of("OPENBLAS_NUM_THREADS", "1"), "UTF-8"))
                .isEmpty();
    }

    @Test
    void itLooksIntoTheDataFolder(@TempDir Path data) throws IOException {
        Files.write(Files.createDirectories(data.resolve("deep")).resolve("file"), new byte[3_000_000]);

        Diagnosis diagnosis = Diagnosis.of(data);

        assertThat(diagnosis.folders().get(0).usedMb()).isEqualTo(3);
        assertThat(diagnosis.engine().get("engine")).startsWith("libtorch ");
        assertThat(diagnosis.data())
                .extracting(Diagnosis.Dataset::name, Diagnosis.Dataset::usable)
                .contains(tuple("glyphs", true))
                .contains(tuple("mnist", false));
    }
}
