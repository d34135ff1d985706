package varepsilon.lab;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds the plan of the lab: a room knows only those before it. */
class LabRoomsTest {
    private static final String COMMAND_LINE = "varepsilon.lab.cli..";
    private static final List<String> ROOMS = List.of(
            "varepsilon.lab.spec..",
            "varepsilon.lab.page..",
            "varepsilon.lab.evaluate..",
            "varepsilon.lab.run..",
            "varepsilon.lab.experiment..",
            "varepsilon.lab.published..",
            "varepsilon.lab.quickstart..",
            "varepsilon.lab.study..",
            "varepsilon.lab.machine..",
            COMMAND_LINE);

    private static final JavaClasses LAB =
            new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages("varepsilon.lab");

    @Test
    void everyClassLivesInARoom() {
        classes().should().resideInAnyPackage(ROOMS.toArray(String[]::new)).check(LAB);
    }

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
                            .check(LAB);
                }));
    }

    @Test
    void packagesAreFreeOfCycles() {
        slices().matching("varepsilon.lab.(**)").should().beFreeOfCycles().check(LAB);
    }

    @Test
    void nothingInTheLabKnowsTheNativeEngine() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(LAB);
    }

    @Test
    void onlyTheCommandLineEndsTheProcessAndPrints() {
        noClasses()
                .that()
                .resideOutsideOfPackage(COMMAND_LINE)
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .orShould()
                .callMethod(System.class, "gc")
                .orShould()
                .callMethodWhere(target(name("printStackTrace"))) // of whatever class of exception
                .orShould()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .allowEmptyShould(true)
                .check(LAB);
    }
}
