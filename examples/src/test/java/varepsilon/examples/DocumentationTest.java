package varepsilon.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The code that documentation shows is that of the examples, which run: a block after {@code <!-- examples/NAME.java
 * -->} is part of that file, apart from its indentation.
 */
class DocumentationTest {
    private static final Path ROOT = Path.of("..");
    private static final Path EXAMPLES = Path.of("src/main/java/varepsilon/examples");
    private static final Pattern SHOWN =
            Pattern.compile("<!-- (\\S+\\.java) -->\\s*```java\\n(.*?)\\n```", Pattern.DOTALL);

    private static List<MatchResult> blocks(Path page) throws IOException {
        return SHOWN.matcher(Files.readString(page)).results().toList();
    }

    /** An example by its name, any other file by its path in the repository. */
    private static Path file(String shown) {
        return shown.startsWith("examples/")
                ? EXAMPLES.resolve(shown.substring("examples/".length()))
                : ROOT.resolve(shown);
    }

    private static String plain(String code) {
        return code.lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
    }

    @Test
    void everyBlockIsPartOfItsFile() throws IOException {
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            for (Path page : Stream.concat(Stream.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")), docs)
                    .filter(path -> path.toString().endsWith(".md"))
                    .toList()) {
                for (MatchResult block : blocks(page)) {
                    String file = Files.readString(file(block.group(1)));
                    assertThat(plain(file)).as("%s: %s", page, block.group(1)).contains(plain(block.group(2)));
                    if (page.endsWith("library.md")) {
                        assertThat(plain(block.group(2)))
                                .as("the whole of %s", block.group(1))
                                .isEqualTo(plain(file));
                    }
                }
                assertThat(Files.readString(page).split("```java", -1))
                        .as("%s: Java that is no example's", page)
                        .hasSize(blocks(page).size() + 1);
            }
        }
    }

    @Test
    void everyExampleIsShown() throws IOException {
        List<String> shown = blocks(ROOT.resolve("docs/library.md")).stream()
                .map(block -> block.group(1).replaceFirst("examples/", ""))
                .toList();
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            assertThat(shown)
                    .containsExactlyInAnyOrderElementsOf(
                            files.map(file -> file.getFileName().toString())
                                    .filter(name -> !name.equals("package-info.java"))
                                    .toList());
        }
    }
}
