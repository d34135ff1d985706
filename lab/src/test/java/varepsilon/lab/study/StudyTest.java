package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.tensor.Engine;

/** Studies that train on the drawn digits, on one thread, so that the seed decides the verdict. */
abstract class StudyTest {
    /** One for all, so that a model is trained once. */
    @TempDir
    static Path runs;

    @BeforeAll
    static void oneThread() {
        Engine.setThreads(1);
    }

    /** On the drawn digits; checks what holds of every study. */
    static StudyResult run(Study study) throws IOException {
        StudyResult result = study.run(Contexts.smoke(runs));
        assertThat(study.claim()).endsWith(".");
        assertThat(study.question()).endsWith("?");
        assertThat(result.reading().split("(?<=\\.) (?=\\p{Lu})"))
                .as("two sentences: %s", result.reading())
                .hasSize(2);
        assertThat(result.reading() + result.because()).doesNotContain("NaN").doesNotContain("Infinity");
        assertThat(result.numbers()).isNotEmpty();
        assertThat(result.exhibits())
                .anySatisfy(exhibit -> assertThat(exhibit).isInstanceOf(Exhibit.Numbers.class))
                .anySatisfy(exhibit -> assertThat(exhibit).isNotInstanceOf(Exhibit.Numbers.class))
                .allSatisfy(exhibit -> {
                    assertThat(exhibit.caption()).endsWith(".");
                    if (exhibit instanceof Exhibit.Numbers numbers) {
                        assertThat(numbers.table().toText())
                                .doesNotContain("NaN")
                                .doesNotContain("Infinity");
                    }
                });
        return result;
    }
}
