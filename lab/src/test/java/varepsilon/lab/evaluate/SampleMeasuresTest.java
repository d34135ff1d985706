package varepsilon.lab.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Architecture;
import varepsilon.classify.Classifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.generative.Categorical;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.generative.VaeImages;
import varepsilon.nn.Init;
import varepsilon.report.ImageGrid;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;

class SampleMeasuresTest {
    private static final ImageSet GLYPHS = Glyphs.draw("glyphs", 60, 1);
    private static final SampleQuality.Settings QUALITY = new SampleQuality.Settings(Picture.SAMPLE, 3, 25, 7);

    private final Vae vae;
    private final Classifier classifier;

    SampleMeasuresTest() {
        try (var scope = Scope.open();
                Rng rng = Seed.of(5).stream()) {
            Init init = Init.on(Device.CPU, rng);
            vae = VaeArchitecture.conv(2, 2, 1, new Categorical(16)).create(init);
            classifier = new Architecture("small-cnn", 10, Normalisation.none(1)).create(init);
        }
    }

    @AfterEach
    void free() {
        vae.close();
        classifier.close();
    }

    private SampleQuality quality(ImageSet test, ImageSet train, Watch watch) {
        return SampleQuality.of(vae, classifier, test, train, QUALITY, Device.CPU, watch);
    }

    @Test
    void imagesThatAreTheTestImagesAreOfFullQuality() {
        SampleQuality.Scores same = quality(GLYPHS, GLYPHS, Watch.NONE).trainingImages();

        assertThat(same.frechetDistance()).isCloseTo(0, within(1e-6));
        assertThat(same.precision()).isEqualTo(1);
        assertThat(same.recall()).isEqualTo(1);
    }

    /** Its own samples of the same seed in place of the test images. */
    @Test
    void samplesThatAreTheTestImagesAreOfFullQuality() {
        ImageSet own = VaeImages.samples(vae, 60, Picture.SAMPLE, 7, Watch.NONE);
        SampleQuality found = quality(own, GLYPHS, Watch.NONE);

        assertThat(found.samples().frechetDistance()).isCloseTo(0, within(1e-6));
        assertThat(found.samples().precision()).isEqualTo(1);
        assertThat(found.classifierAccuracy()).as("without labels").isNull();
        assertThat(found.trainingImages().frechetDistance()).isGreaterThan(1e-3);
    }

    @Test
    void asManyOfEachAreComparedAndAStopIsHeard() {
        SampleQuality found = quality(GLYPHS, GLYPHS.limit(40), Watch.NONE);

        assertThat(found.n()).isEqualTo(40);
        assertThat(found.features()).isEqualTo(100);
        assertThat(found.classifierAccuracy()).isBetween(0.0, 1.0);
        assertThatThrownBy(() -> quality(GLYPHS, GLYPHS, Watch.stopWhen(() -> true)))
                .isInstanceOf(StoppedException.class);
        assertThatThrownBy(() -> quality(GLYPHS.limit(3), GLYPHS, Watch.NONE))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("3 images: expected more than 3");
    }

    @Test
    void aModelWhoseSamplesAreTheTrainingImagesIsFoundOut() {
        ImageSet train = VaeImages.samples(vae, 50, Picture.SAMPLE, 7, Watch.NONE);
        TrainingNeighbours found = TrainingNeighbours.of(
                vae, train, GLYPHS, new TrainingNeighbours.Settings(50, 3, 2, Picture.SAMPLE, 7), Watch.NONE);

        assertThat(found.check().samples().percent90()).isZero();
        assertThat(found.check().test().n()).isEqualTo(50);
        assertThat(found.check().test().least()).isPositive();
        assertThat(found.check().shareNearer()).isEqualTo(1);
        BufferedImage picture = found.picture().render();
        assertThat(picture.getWidth()).isGreaterThan(3 * 28);
        assertThat(picture.getHeight()).isGreaterThan(3 * 28);
    }

    /** Of black training images, the darkest samples are the nearest. */
    @Test
    void theSamplesNearestToATrainingImageAreShownFirst() {
        ImageSet black = ImageSet.unlabelled("black", new byte[3 * 784], 1, 28, 28);
        TrainingNeighbours.Settings settings = new TrainingNeighbours.Settings(20, 20, 1, Picture.SAMPLE, 7);
        ImageGrid grid =
                TrainingNeighbours.of(vae, black, GLYPHS, settings, Watch.NONE).picture();
        BufferedImage drawn = grid.render();
        double last = 0;
        for (int row = 0; row < 20; row++) {
            double squares = 0;
            Rectangle cell = grid.cell(2 * row);
            for (int y = cell.y; y < cell.y + cell.height; y++) {
                for (int x = cell.x; x < cell.x + cell.width; x++) {
                    int grey = drawn.getRGB(x, y) & 0xff;
                    squares += grey * grey;
                }
            }
            assertThat(squares).as("row %d", row).isGreaterThanOrEqualTo(last);
            last = squares;
        }
    }
}
