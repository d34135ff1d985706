package varepsilon.lab.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.base.InputException;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.generative.Bernoulli;
import varepsilon.generative.Categorical;
import varepsilon.generative.Picture;
import varepsilon.generative.StandardNormal;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeArchitecture;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;
import varepsilon.report.ImageGrid;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

class VaePicturesTest {
    private static final int SIDE = 28;
    private static final int SCALE = 2;
    private static final ImageSet IMAGES = Glyphs.draw("twelve", 12, 5);

    private final Vae vae = vae(3);

    private static Vae vae(int latentDim) {
        try (var scope = Scope.open();
                Rng rng = Seed.of(7).stream()) {
            return VaeArchitecture.conv(latentDim, 4, 1, new Categorical(16)).create(Init.on(Device.parse("cpu"), rng));
        }
    }

    @BeforeAll
    static void oneThread() {
        Engine.setThreads(1); // the models are too small for more
    }

    @AfterEach
    void free() {
        vae.close();
    }

    @ParameterizedTest
    @EnumSource(Picture.class)
    void samplesAreTheModelsOwn(Picture picture) {
        ImageGrid grid = VaePictures.samples(vae, 20, picture, 42);

        float[] expected = floats(() -> {
            try (Rng rng = Seed.of(42).split("pictures: samples").stream()) {
                return vae.sample(20, picture, rng);
            }
        });
        BufferedImage drawn = grid.render();
        for (int i = 0; i < 20; i++) {
            assertShows(drawn, grid.cell(i), expected, i);
        }
        assertThat(grid.cell(8).y).as("eight in a row").isGreaterThan(grid.cell(7).y);
    }

    @Test
    void manyImagesAreTheSameAsFewAtATime() {
        BufferedImage all = VaePictures.samples(vae, 600, Picture.MEAN, 42).render();
        float[] expected = floats(() -> {
            try (Rng rng = Seed.of(42).split("pictures: samples").stream()) {
                return vae.sample(600, Picture.MEAN, rng);
            }
        });
        ImageGrid grid = VaePictures.samples(vae, 600, Picture.MEAN, 42);
        for (int i : new int[] {0, 255, 256, 511, 512, 599}) {
            assertShows(all, grid.cell(i), expected, i);
        }
    }

    @Test
    void theSeedDecides() {
        byte[] picture = VaePictures.samples(vae, 9, Picture.SAMPLE, 1).toPng();
        assertThat(VaePictures.samples(vae, 9, Picture.SAMPLE, 1).toPng()).isEqualTo(picture);
        assertThat(VaePictures.samples(vae, 9, Picture.SAMPLE, 2).toPng()).isNotEqualTo(picture);
    }

    @Test
    void aReconstructionStandsBelowItsOriginal() {
        ImageGrid grid = VaePictures.reconstructions(vae, IMAGES, 11, Picture.MEAN, 42);

        float[] expected = floats(() -> vae.reconstruct(tensor(IMAGES), Picture.MEAN, null));
        BufferedImage drawn = grid.render();
        for (int i = 0; i < 11; i++) {
            Rectangle cell = grid.cell(i);
            assertThat(cell.height).isEqualTo((2 * SIDE + 1) * SCALE);
            assertShows(drawn, new Rectangle(cell.x, cell.y, 0, 0), original(i), 0);
            assertShows(drawn, new Rectangle(cell.x, cell.y + (SIDE + 1) * SCALE, 0, 0), expected, i);
        }
    }

    @Test
    void anInterpolationLeadsFromOriginalToOriginalOverTheMeanOfTheirCodes() {
        ImageGrid grid = VaePictures.interpolations(vae, IMAGES, 2, 3, Picture.MEAN, 42);

        float[] ends = floats(() -> vae.reconstruct(tensor(IMAGES), Picture.MEAN, null));
        float[] halfway = floats(() -> {
            Tensor z = vae.posterior(vae.target(tensor(IMAGES))).mean();
            Tensor middle = z.narrow(0, 2, 1).add(z.narrow(0, 3, 1)).mul(0.5);
            return vae.decode(middle).image(Picture.MEAN, null);
        });
        BufferedImage drawn = grid.render();
        int secondRow = 5;
        assertShows(drawn, grid.cell(secondRow), original(2), 0);
        assertShows(drawn, grid.cell(secondRow + 1), ends, 2);
        assertShows(drawn, grid.cell(secondRow + 2), halfway, 0);
        assertShows(drawn, grid.cell(secondRow + 3), ends, 3);
        assertShows(drawn, grid.cell(secondRow + 4), original(3), 0);
    }

    @Test
    void theManifoldShowsTheQuartilesOfThePrior() {
        double quartile = 0.6744897501960817; // Φ⁻¹(3/4)
        float q = (float) quartile;
        try (Vae plane = vae(2)) {
            ImageGrid grid = VaePictures.manifold(plane, 2);
            float[] expected = floats(() -> {
                Tensor z = Tensor.of(new float[] {-q, q, q, q, -q, -q, q, -q}, 4, 2); // rows from above
                return plane.decode(z).image(Picture.MEAN, null);
            });
            BufferedImage drawn = grid.render();
            for (int i = 0; i < 4; i++) {
                assertShows(drawn, grid.cell(i), expected, i);
            }
        }
    }

    @Test
    void whatMakesNoSenseIsRefusedWithWhatWould() {
        assertRefused(() -> VaePictures.manifold(vae, 20), "2 latent dimensions; this one has 3");
        assertRefused(() -> VaePictures.manifold(vae, 0), "size 0: expected 1 to 100");
        assertRefused(() -> VaePictures.manifold(vae, 101), "size 101: expected 1 to 100");
        assertRefused(() -> VaePictures.samples(vae, 0, Picture.MEAN, 1), "count 0: expected 1 to 10000");
        assertRefused(() -> VaePictures.samples(vae, 10_001, Picture.MEAN, 1), "count 10001: expected 1 to 10000");
        assertRefused(
                () -> VaePictures.reconstructions(vae, IMAGES, 13, Picture.MEAN, 1),
                "count 13 needs 13 images, but twelve has 12 here");
        assertRefused(() -> VaePictures.interpolations(vae, IMAGES, 7, 5, Picture.MEAN, 1), "pairs 7 needs 14 images");
        assertRefused(
                () -> VaePictures.interpolations(vae, IMAGES, 1, 1, Picture.MEAN, 1), "steps 1: expected 2 to 100");
        assertRefused(() -> VaePictures.interpolations(vae, IMAGES, 0, 5, Picture.MEAN, 1), "pairs 0: expected 1 to");
    }

    /** White in training, black in evaluation; fails on demand. */
    private static final class ModeShowing extends Layer {
        private boolean failing;

        @Override
        public Tensor forward(Tensor x) {
            if (failing) {
                throw new IllegalStateException("as asked");
            }
            return Tensor.full(isTraining() ? 100 : -100, x.dtype(), x.size(0), 1, 2, 2);
        }
    }

    @Test
    void theModelIsLookedAtInEvaluationModeAndGetsItsModesBack() {
        ModeShowing decoder = new ModeShowing();
        Layer encoder = Layer.of(x -> x);
        try (Vae model = new Vae(encoder, decoder, new StandardNormal(1), new Bernoulli(), Device.parse("cpu"))) {
            model.train(true);
            encoder.train(false);
            ImageGrid grid = VaePictures.samples(model, 1, Picture.MEAN, 1);
            Rectangle cell = grid.cell(0);
            assertThat(grid.render().getRGB(cell.x, cell.y) & 0xFFFFFF)
                    .as("black")
                    .isZero();

            decoder.failing = true;
            assertThatIllegalStateException()
                    .isThrownBy(() -> VaePictures.samples(model, 1, Picture.MEAN, 1))
                    .withMessage("as asked");
            assertThat(model.isTraining()).isTrue();
            assertThat(decoder.isTraining()).isTrue();
            assertThat(encoder.isTraining()).isFalse();
        }
    }

    private static void assertRefused(ThrowingCallable work, String message) {
        assertThatExceptionOfType(InputException.class).isThrownBy(work).withMessageContaining(message);
    }

    private static Tensor tensor(ImageSet set) {
        byte[] bytes = new byte[set.size() * set.dimensions()];
        for (int i = 0; i < set.size(); i++) {
            System.arraycopy(set.image(i), 0, bytes, i * set.dimensions(), set.dimensions());
        }
        return Tensor.of(bytes, set.size(), set.channels(), set.height(), set.width());
    }

    private static float[] floats(Supplier<Tensor> work) {
        try (var scope = Scope.withoutGradients()) {
            return work.get().toFloats();
        }
    }

    private static float[] original(int image) {
        byte[] bytes = IMAGES.image(image);
        float[] pixels = new float[bytes.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (bytes[i] & 0xFF) / 255f;
        }
        return pixels;
    }

    /**
     * Image {@code index} of {@code pixels} lies at the cell's corner; rounding may differ by one grey level of 255.
     */
    private static void assertShows(BufferedImage drawn, Rectangle cell, float[] pixels, int index) {
        float[] expected = Arrays.copyOfRange(pixels, index * SIDE * SIDE, (index + 1) * SIDE * SIDE);
        for (int i = 0; i < expected.length; i++) {
            int grey = drawn.getRGB(cell.x + i % SIDE * SCALE, cell.y + i / SIDE * SCALE) & 0xFF;
            assertThat(grey)
                    .as(() -> String.format(Locale.ROOT, "image %d at %s", index, cell))
                    .isCloseTo(Math.round(255 * expected[i]), within(1));
        }
    }
}
