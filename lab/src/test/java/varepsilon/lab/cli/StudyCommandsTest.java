package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.Json;

class StudyCommandsTest {
    private static final String[] IDS = {
        "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "2.1a", "2.1b", "2.1c", "2.2", "2.3a",
        "2.3b"
    };

    @TempDir
    private Path folder;

    @Test
    void listNamesTheStudyOfEachQuestion() throws IOException {
        JsonNode rows = Ran.of("study", "list", "--json").succeeded().json();

        assertThat(rows.findValuesAsText("id")).containsExactly(IDS);
        for (JsonNode row : rows) {
            assertThat(row.get("title").asText()).isNotBlank();
            assertThat(row.get("question").asText()).endsWith("?");
        }
        assertThat(Ran.of("study", "list").succeeded().out()).contains(IDS);
    }

    @Test
    void runWritesReportAndNumbers() throws IOException {
        Path out = folder.resolve("studies");

        Ran ran = Ran.of(
                        "study",
                        "run",
                        "1.2",
                        "--preset",
                        "smoke",
                        "--out",
                        out,
                        "--runs",
                        folder.resolve("runs"),
                        "--threads",
                        1,
                        "--json",
                        "--no-progress")
                .succeeded();

        Path study = out.resolve("1.2-smoke");
        JsonNode results = Json.read(study.resolve("results.json"));
        assertThat(ran.json()).hasSize(1);
        assertThat(ran.json().get(0)).isEqualTo(results);
        assertThat(results.get("study").asText()).isEqualTo("1.2");
        assertThat(results.get("verdict").asText()).isEqualTo("confirmed");
        assertThat(results.get("numbers")).isNotEmpty();
        assertThat(results.at("/made_with/preset").asText()).isEqualTo("smoke");
        String reading = results.get("reading").asText();
        assertThat(reading).isNotBlank();
        String command = "varepsilon study run 1.2 --preset smoke --out " + out;
        assertThat(Files.readString(study.resolve("report.md")))
                .startsWith("# 1.2 ")
                .contains(reading, "](figure-1.svg)", command);
        assertThat(study.resolve("figure-1.svg")).isNotEmptyFile();
        assertThat(Files.readString(study.resolve("report.html"))).contains("<svg", "<table", command);
    }

    @Test
    void anUnknownStudyIsRefusedWithThoseThatThereAre() {
        assertThat(Ran.of("study", "run", "3.1", "--out", folder.resolve("out"), "--runs", folder.resolve("runs"))
                        .failure())
                .contains("study 3.1: expected one of " + String.join(", ", IDS));
        assertThat(Ran.of("study", "run", "1.2", "2.1", "--out", folder.resolve("out"))
                        .failure())
                .contains("study 2.1: expected one of 1.1");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void wrongUsage() {
        assertThat(Ran.of("study", "run").refusal()).contains("ID");
        assertThat(Ran.of("study", "run", "1.2", "--preset", "tiny").refusal()).contains("--preset", "tiny", "LAPTOP");
    }
}
