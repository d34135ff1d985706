package varepsilon.lab;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import org.junit.jupiter.api.Test;

/** Holds the plan of the lab: experiments know no grids, grids no studies, and none knows the command line. */
class LabRoomsTest {
    private static final String EXPERIMENT = "varepsilon.lab.experiment..";
    private static final String GRID = "varepsilon.lab.grid..";
    private static final String STUDY = "varepsilon.lab.study..";
    private static final String COMMAND_LINE = "varepsilon.lab.cli..";

    private static final JavaClasses LAB =
            new ClassFileImporter().withImportOption(new DoNotIncludeTests()).importPackages("varepsilon.lab");

    @Test
    void everyClassLivesInARoom() {
        classes()
                .should()
                .resideInAnyPackage(EXPERIMENT, GRID, STUDY, COMMAND_LINE)
                .check(LAB);
    }

    @Test
    void experimentsKnowNoOtherRoom() {
        noClasses()
                .that()
                .resideInAPackage(EXPERIMENT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(GRID, STUDY, COMMAND_LINE)
                .check(LAB);
    }

    @Test
    void gridsKnowNeitherStudiesNorTheCommandLine() {
        noClasses()
                .that()
                .resideInAPackage(GRID)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(STUDY, COMMAND_LINE)
                .check(LAB);
    }

    @Test
    void studiesDoNotKnowTheCommandLine() {
        noClasses()
                .that()
                .resideInAPackage(STUDY)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(COMMAND_LINE)
                .check(LAB);
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
