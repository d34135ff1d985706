package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.stats.Accuracy;

class PublishedVaeStudiesTest extends StudyTest {
    @Test
    void curvesOfOtherDataAreNotCompared() throws IOException {
        StudyResult result = new CurvesStudy().run(Contexts.smoke(runs));
        assertThat(result.verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(result.numbers()).containsOnlyKeys("train_bpd_z20", "val_bpd_z20", "train_bpd_z2", "val_bpd_z2");
        assertThat(result.numbers().get("val_bpd_z20"))
                .as("better than knowing nothing, and than two dimensions")
                .isLessThan(4)
                .isLessThanOrEqualTo(result.numbers().get("val_bpd_z2"));
    }

    @Test
    void samplesAreJudgedBesideTestImages() throws IOException {
        StudyResult result = new SamplesStudy().run(Contexts.smoke(runs));
        assertThat(result.exhibits().stream().filter(Exhibit.Picture.class::isInstance))
                .as("before, early, after")
                .hasSizeGreaterThanOrEqualTo(2);
        assertThat(result.numbers().values())
                .allSatisfy(share -> assertThat(share).isBetween(0.0, 1.0));
        assertThat(result.numbers().get("sure_of_test"))
                .isGreaterThan(result.numbers().get("sure_of_samples"));
    }

    @Test
    void neighboursOnTheManifoldAreAlike() throws IOException {
        StudyResult result = new ManifoldStudy().run(Contexts.smoke(runs));
        assertThat(result.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(result.numbers().get("neighbour_distance"))
                .isLessThan(result.numbers().get("any_distance"));
    }

    @Test
    void distancesOnTheManifoldByHand() {
        float[] stripes = new float[20 * 20];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = i / 20 % 2; // rows alternate: neighbours across differ by 1, along by 0
        }
        ManifoldStudy.Measured measured = ManifoldStudy.measure(stripes, new int[10]);
        assertThat(measured.neighbours()).isEqualTo(0.5);
        assertThat(measured.any()).isEqualTo(200.0 * 200 / (400 * 399 / 2));
        assertThat(measured.predictedClasses()).isZero();
    }

    @Test
    void aCurveFarFromThePublishedContradicts() {
        Numbers numbers = new Numbers().put("val_bpd_z20", 0.52).put("val_bpd_z2", 0.78);
        List<CurvesStudy.Point> near = List.of(
                new CurvesStudy.Point("validation", 0, 0.7, 0.9), new CurvesStudy.Point("validation", 20, 0.54, 0.541));
        assertThat(new CurvesStudy.Findings(near, numbers).verdict()).isEqualTo(Verdict.CONFIRMED);
        List<CurvesStudy.Point> far = List.of(new CurvesStudy.Point("validation", 20, 0.56, 0.541));
        var result = new CurvesStudy.Findings(far, numbers);
        assertThat(result.verdict()).isEqualTo(Verdict.CONTRADICTED);
        List<CurvesStudy.Point> farOnTheWay =
                List.of(far.get(0), new CurvesStudy.Point("validation", 79, 0.5211, 0.521));
        assertThat(new CurvesStudy.Findings(farOnTheWay, numbers).verdict()).isEqualTo(Verdict.MIXED);
        assertThat(result.reading()).contains("3.5 %").contains("0.5600").contains("0.5410");
    }

    @Test
    void theReadingOfSamplesFollowsTheNumbers() {
        Accuracy most = new Accuracy(980, 1000);
        var less = new SamplesStudy.Confidence(most, most, new Accuracy(600, 1000));
        assertThat(less.verdict()).isEqualTo(Verdict.CONFIRMED);
        assertThat(less.reading()).contains("98.0 %").contains("60.0 %");
        assertThat(new SamplesStudy.Confidence(most, most, most).verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(new SamplesStudy.Confidence(new Accuracy(600, 1000), most, most).verdict())
                .isEqualTo(Verdict.CONTRADICTED);
    }

    @Test
    void everyQuestionHasItsStudyAndItsFiles(@TempDir Path folder) throws IOException {
        assertThat(Studies.all().stream().map(Study::id))
                .containsExactly(
                        "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "2.1a", "2.1b", "2.1c",
                        "2.2", "2.3a", "2.3b");
        Study study = new ManifoldStudy();
        StudyResult result = study.run(Contexts.smoke(runs));
        new StudyFolder(folder).write(study, result, Map.of("seed", "42"), List.of("study", "run", "1.10"));
        assertThat(folder).isDirectoryContaining("glob:**/manifold.png");
        assertThat(Files.readString(folder.resolve("report.md")))
                .contains("![")
                .contains("](manifold.png)")
                .contains("varepsilon study run 1.10");
        assertThat(Files.readString(folder.resolve("report.html"))).contains(result.reading());
        assertThat(Files.readString(folder.resolve("results.json"))).contains("\"verdict\" : \"confirmed\"");
    }
}
