package varepsilon;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds the plan of the library: which room may import which, and what no room does. */
class RoomsTest {
    /** From the ground up: a room imports only rooms that come before it here. */
    private static final List<String> ROOMS = List.of(
            "varepsilon.base..",
            "varepsilon.coding..",
            "varepsilon.tensor..",
            "varepsilon.weights..",
            "varepsilon.nn..",
            "varepsilon.graph..",
            "varepsilon.data..",
            "varepsilon.stats..",
            "varepsilon.train..",
            "varepsilon.generative..",
            "varepsilon.classify..",
            "varepsilon.robust.attack..",
            "varepsilon.robust.certify..",
            "varepsilon.robust.defense..",
            "varepsilon.robust.evaluate..",
            "varepsilon.robust.vae..");

    private static final JavaClasses LIBRARY =
            new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages("varepsilon");

    @TestFactory
    Stream<DynamicTest> aRoomImportsOnlyRoomsBeforeIt() {
        return IntStream.range(0, ROOMS.size() - 1)
                .mapToObj(i -> DynamicTest.dynamicTest(ROOMS.get(i), () -> {
                    String[] later = ROOMS.subList(i + 1, ROOMS.size()).toArray(String[]::new);
                    noClasses()
                            .that()
                            .resideInAPackage(ROOMS.get(i))
                            .should()
                            .dependOnClassesThat()
                            .resideInAnyPackage(later)
                            .check(LIBRARY);
                }));
    }

    @Test
    void everyClassLivesInARoom() {
        classes().should().resideInAnyPackage(ROOMS.toArray(String[]::new)).check(LIBRARY);
    }

    @Test
    void onlyTensorKnowsTheNativeEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("varepsilon.tensor..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .allowEmptyShould(true)
                .check(LIBRARY);
    }

    @Test
    void packagesAreFreeOfCycles() {
        slices().matching("varepsilon.(**)").should().beFreeOfCycles().check(LIBRARY);
    }

    @Test
    void nothingEndsTheProcessOrPrintsOrForcesACollection() {
        noClasses()
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .orShould()
                .callMethod(System.class, "gc")
                .orShould()
                .callMethod(Runtime.class, "gc")
                .orShould()
                .callMethodWhere(target(name("printStackTrace"))) // of whatever class of exception
                .orShould()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(LIBRARY);
    }

    /** Options and commands are the lab's: it adds them to the messages in which they help. */
    @Test
    void noStringNamesAnOptionOrACommand() throws IOException {
        String option = "(?<![\\w-])(--[a-z]|`varepsilon |\\./varepsilon)";
        Pattern word = Pattern.compile(
                "\"[^\"\\n]*" + option + "[^\"\\n]*\"|\"{3}\\n(?:(?!\"{3}).)*?" + option, Pattern.DOTALL);
        assertThat("\"\"\"\nsee\n--help\n\"\"\"").containsPattern(word);
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                assertThat(word.matcher(Files.readString(file)).results().map(MatchResult::group))
                        .as(file.toString())
                        .isEmpty();
            }
        }
    }

    @Test
    void noStaticStateChanges() {
        fields().that().haveModifier(JavaModifier.STATIC).should().beFinal().check(LIBRARY);
    }
}
