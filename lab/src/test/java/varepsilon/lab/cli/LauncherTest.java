package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The script {@code varepsilon}, copied into a checkout that is made up: its build writes empty jars, and its Java
 * prints what it is started with.
 */
class LauncherTest {
    private static final String JAVA = """
            #!/bin/sh
            for argument in "$@"; do printf 'argument %s\\n' "$argument"; done
            env | sed 's/^/environment /'
            """;

    /** Writes what Maven would; as a word of its log, so that a test sees whether it ran. */
    private static final String BUILD = """
            #!/bin/sh
            set -eu
            for module in library onnxruntime report lab; do mkdir -p "$ROOT/$module/target/quick"; done
            : >"$ROOT/library/target/quick/varepsilon-1.jar"
            : >"$ROOT/onnxruntime/target/quick/varepsilon-onnxruntime-1.jar"
            : >"$ROOT/report/target/quick/varepsilon-report-1.jar"
            : >"$ROOT/lab/target/quick/varepsilon-lab-1.jar"
            printf %s "$DEPENDENCY" >"$ROOT/lab/target/quick/dependencies.classpath"
            echo "built at $HOME" >>"$ROOT/builds"
            """;

    @TempDir
    private Path parent;

    private Path root;

    @BeforeEach
    void copy() throws IOException {
        assumeTrue(File.separatorChar == '/', "the launcher is a script for a Unix shell");
        root = checkout("checkout");
    }

    private Path checkout(String name) throws IOException {
        Path checkout = parent.resolve(name);
        for (String folder : List.of(
                "java/bin",
                "repository",
                "library/src/main",
                "onnxruntime/src/main",
                "report/src/main",
                "lab/src/main")) {
            Files.createDirectories(checkout.resolve(folder));
        }
        Path script = Path.of("").toAbsolutePath().getParent().resolve("varepsilon");
        Files.copy(script, checkout.resolve("varepsilon"), StandardCopyOption.COPY_ATTRIBUTES);
        program(checkout.resolve("java/bin/java"), JAVA);
        program(checkout.resolve("java/bin/javac"), "#!/bin/sh\n");
        program(checkout.resolve("mvnw"), BUILD);
        Files.writeString(checkout.resolve("java/release"), "JAVA_VERSION=\"17.0.1\"\n");
        Files.writeString(checkout.resolve("repository/dependency.jar"), "a dependency");
        return checkout;
    }

    private static void program(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private record Outcome(int code, String out, String err) {
        List<String> arguments() {
            return lines("argument ");
        }

        Map<String, String> environment() {
            Map<String, String> variables = new HashMap<>();
            for (String line : lines("environment ")) {
                variables.put(line.replaceFirst("=.*", ""), line.replaceFirst("[^=]*=", ""));
            }
            return variables;
        }

        private List<String> lines(String kind) {
            return out.lines()
                    .filter(line -> line.startsWith(kind))
                    .map(line -> line.substring(kind.length()))
                    .toList();
        }
    }

    /** Starts it with an environment that has these variables and {@code PATH}, and no other. */
    private Outcome start(Path checkout, Map<String, String> environment, String... before)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(before));
        command.addAll(List.of("sh", checkout.resolve("varepsilon").toString(), "doctor"));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().retainAll(List.of("PATH", "LOCPATH"));
        builder.environment().put("JAVA_HOME", checkout.resolve("java").toString());
        builder.environment().put("ROOT", checkout.toString());
        builder.environment()
                .put("DEPENDENCY", checkout.resolve("repository/dependency.jar").toString());
        builder.environment().putAll(environment);
        Path out = parent.resolve("out");
        Path err = parent.resolve("err");
        Process process =
                builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("ends in time").isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Outcome(
                process.exitValue(),
                Files.readString(out, StandardCharsets.ISO_8859_1),
                Files.readString(err, StandardCharsets.ISO_8859_1));
    }

    private Outcome started(Map<String, String> environment) throws IOException, InterruptedException {
        Outcome outcome = start(root, environment);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        return outcome;
    }

    private long builds() throws IOException {
        return Files.readAllLines(root.resolve("builds")).size();
    }

    private static boolean hasLocale(String name) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", "locale -a").start();
        String installed = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        process.waitFor();
        return installed.lines().anyMatch(name::equals);
    }

    /** The characters in which a Java of this environment would take file names. */
    private static String characters(Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XshowSettings:properties",
                "-version");
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
        environment.forEach((name, value) -> {
            if (name.startsWith("LC_") || name.equals("LANG")) {
                builder.environment().put(name, value);
            }
        });
        Process process = builder.redirectErrorStream(true).start();
        String properties = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        process.waitFor();
        return properties
                .lines()
                .filter(line -> line.contains("sun.jnu.encoding = "))
                .findFirst()
                .orElseThrow()
                .replaceFirst(".* = ", "");
    }

    @ParameterizedTest
    @CsvSource({
        ",",
        "LC_ALL=C,",
        "LC_ALL=POSIX,",
        "LANG=C,",
        "LC_ALL=xx_XX.UTF-8,",
        "LANG=xx_XX.UTF-8,",
        "LC_CTYPE=C, LANG=C.UTF-8",
        "LC_MESSAGES=xx_XX.UTF-8, LANG=C.UTF-8",
        "LC_CTYPE=xx_XX, LANG=C.UTF-8",
        "LANG=C.UTF-8,"
    })
    void fileNamesAreReadInUtf8(String first, String second) throws IOException, InterruptedException {
        assumeTrue(hasLocale("C.utf8") || hasLocale("C.UTF-8") || hasLocale("en_US.UTF-8"), "no UTF-8 locale here");
        Map<String, String> environment = new HashMap<>();
        for (String setting : new String[] {first, second}) {
            if (setting != null) {
                environment.put(setting.replaceFirst("=.*", ""), setting.replaceFirst(".*=", ""));
            }
        }
        assertThat(characters(started(environment).environment())).isEqualTo("UTF-8");
    }

    @Test
    void aLocaleThatIsUsableStaysAsItIs() throws IOException, InterruptedException {
        assumeTrue(hasLocale("C.utf8") || hasLocale("C.UTF-8"), "C.UTF-8 is not installed here");
        assertThat(started(Map.of("LANG", "C.UTF-8", "LC_NUMERIC", "C")).environment())
                .containsEntry("LANG", "C.UTF-8")
                .containsEntry("LC_NUMERIC", "C")
                .doesNotContainKeys("LC_ALL", "LC_CTYPE");
        assertThat(started(Map.of("LANG", "C", "LC_MESSAGES", "POSIX")).environment())
                .as("only the characters change")
                .containsEntry("LANG", "C")
                .containsEntry("LC_MESSAGES", "POSIX")
                .containsKey("LC_CTYPE")
                .doesNotContainKey("LC_ALL");
    }

    @Test
    void aLocaleOfOtherCharactersStaysAsItIs() throws IOException, InterruptedException {
        Path locales = Files.createDirectory(parent.resolve("locales"));
        Process localedef;
        try {
            localedef = new ProcessBuilder(
                            "localedef",
                            "-i",
                            "en_US",
                            "-f",
                            "ISO-8859-1",
                            locales.resolve("en_US").toString())
                    .redirectErrorStream(true)
                    .redirectOutput(parent.resolve("localedef").toFile())
                    .start();
        } catch (IOException e) {
            localedef = null;
        }
        assumeTrue(localedef != null && localedef.waitFor() == 0, "no locale can be made here");
        Map<String, String> environment = Map.of("LOCPATH", locales.toString(), "LC_ALL", "en_US");
        assertThat(started(environment).environment())
                .containsEntry("LC_ALL", "en_US")
                .doesNotContainKey("LC_CTYPE");
    }

    @Test
    void aCheckoutMayLieInAnyFolder() throws IOException, InterruptedException {
        assumeTrue("UTF-8".equals(System.getProperty("sun.jnu.encoding")), "this Java itself cannot name the folder");
        Path elsewhere = checkout("my données");
        Outcome outcome = start(elsewhere, Map.of("LC_ALL", "C"));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(elsewhere.resolve("builds")).exists();

        Outcome refused = start(checkout("a:b"), Map.of());
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("a:b\", and Java takes a colon for the end of a path");
    }

    @Test
    void itIsBuiltOnceAndAgainWhereASourceChanged() throws IOException, InterruptedException {
        assertThat(started(Map.of()).err()).contains("Building Varepsilon (first use");
        assertThat(started(Map.of()).err()).isEmpty();
        assertThat(root.resolve("builds"))
                .as("Maven's wrapper needs a home, also where the environment has none")
                .content()
                .startsWith("built at /");
        assertThat(builds()).isEqualTo(1);

        Path source = Files.writeString(root.resolve("library/src/main/New.java"), "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(1)));
        assertThat(started(Map.of()).err()).contains("Building Varepsilon (library/src/main");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void whatIsBuiltNeedsNeitherTheMavenCacheNorItsFolder() throws IOException, InterruptedException {
        started(Map.of());
        Files.delete(root.resolve("repository/dependency.jar"));
        Path moved = parent.resolve("moved");
        Files.move(root, moved);

        Outcome outcome = start(moved, Map.of());

        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.err()).as("nothing is built").isEmpty();
        List<String> arguments = outcome.arguments();
        String classPath = arguments.get(arguments.indexOf("-cp") + 1);
        assertThat(classPath).startsWith(moved.toString()).endsWith("/*");
        Path jars = Path.of(classPath.substring(0, classPath.length() - 2));
        assertThat(jars.resolve("dependency.jar")).hasContent("a dependency");
        assertThat(jars.resolve("varepsilon.jar")).exists();
        assertThat(jars.resolve("varepsilon-lab.jar")).exists();
    }

    @Test
    void aDependencyTakesNoSpaceTwice() throws IOException, InterruptedException {
        Path dependency = root.resolve("repository/dependency.jar");
        List<String> arguments = started(Map.of()).arguments();
        Path jars = Path.of(arguments.get(arguments.indexOf("-cp") + 1)).getParent();
        assertThat(Files.getAttribute(jars.resolve("dependency.jar"), "unix:ino"))
                .isEqualTo(Files.getAttribute(dependency, "unix:ino"));
    }

    @Test
    void anotherUserMayStartWhatIsBuiltButIsToldWhereItWouldHaveToBeBuilt() throws IOException, InterruptedException {
        assumeTrue(Files.getOwner(parent).getName().equals("root"), "only root can be another user");
        assumeTrue(
                new ProcessBuilder("sh", "-c", "command -v setpriv >/dev/null")
                                .start()
                                .waitFor()
                        == 0,
                "no setpriv");
        Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
        String[] nobody = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};

        Outcome early = start(root, Map.of("HOME", "/nonexistent"), nobody);
        assertThat(early.code()).isEqualTo(1);
        assertThat(early.err())
                .startsWith("varepsilon: it must be built (first use")
                .contains("cannot write to " + root.resolve("target/launcher"))
                .hasLineCount(1);

        started(Map.of());
        Outcome built = start(root, Map.of("HOME", "/nonexistent"), nobody);
        assertThat(built.code()).as(built.err()).isZero();

        Files.setLastModifiedTime(
                root.resolve("varepsilon"), FileTime.from(Instant.now().plusSeconds(2)));
        Outcome late = start(root, Map.of("HOME", "/nonexistent"), nobody);
        assertThat(late.code()).isEqualTo(1);
        assertThat(late.err())
                .startsWith("varepsilon: it must be built (varepsilon has changed), and nobody cannot write to ")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"OMP_WAIT_POLICY=ACTIVE", "GOMP_SPINCOUNT=5", "KMP_BLOCKTIME=1"})
    void aPersonsSettingsHold(String setting) throws IOException, InterruptedException {
        String name = setting.replaceFirst("=.*", "");
        String value = setting.replaceFirst(".*=", "");
        Map<String, String> environment =
                started(Map.of(name, value, "OPENBLAS_NUM_THREADS", "2")).environment();
        assertThat(environment).containsEntry(name, value).containsEntry("OPENBLAS_NUM_THREADS", "2");
        assertThat(environment.getOrDefault("OMP_WAIT_POLICY", "ACTIVE")).isEqualTo("ACTIVE");
    }

    @Test
    void threadsThatWaitSleep() throws IOException, InterruptedException {
        assertThat(started(Map.of()).environment())
                .containsEntry("OMP_WAIT_POLICY", "PASSIVE")
                .containsEntry("OPENBLAS_NUM_THREADS", "1");
    }
}
