package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;
import varepsilon.nn.Layer;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;

class VaeImagesTest extends GenerativeTest {
    private Vae small(Likelihood likelihood) {
        return closing(VaeArchitecture.conv(2, 2, 1, likelihood).create(init(DType.FLOAT32, 1)));
    }

    private static ImageSet draw(Vae vae, int count, Picture picture, long seed) {
        return VaeImages.samples(vae, count, picture, seed, Watch.NONE);
    }

    @Test
    void samplesAreImagesOfTheModelsLevels() {
        ImageSet samples = draw(small(new Categorical(16)), 300, Picture.SAMPLE, 7);

        assertThat(samples.size()).isEqualTo(300);
        assertThat(samples.shape().text()).isEqualTo("1x28x28");
        int[] counts = new int[256];
        for (int i = 0; i < samples.size(); i++) {
            for (byte pixel : samples.image(i)) {
                counts[pixel & 0xff]++;
            }
        }
        for (int level = 0; level < 256; level++) {
            // A fresh network is near the uniform distribution.
            assertThat(counts[level] > 0).as("level %d", level).isEqualTo(level % 17 == 0);
        }
    }

    @Test
    void samplesAreDecidedBySeed() {
        Vae vae = small(new Bernoulli());

        assertThat(draw(vae, 20, Picture.SAMPLE, 7).sha256())
                .isEqualTo(draw(vae, 20, Picture.SAMPLE, 7).sha256())
                .isNotEqualTo(draw(vae, 20, Picture.SAMPLE, 8).sha256());
        assertThat(vae.isTraining()).as("modes are restored").isTrue();
        assertThatThrownBy(() -> draw(vae, 0, Picture.MEAN, 7)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void progressCountsSamplesAndAStopEndsIt() {
        Vae vae = small(new Bernoulli());
        List<Long> heard = new ArrayList<>();
        VaeImages.samples(vae, 300, Picture.MEAN, 1, (what, done, all) -> heard.add(done));

        assertThat(heard).containsExactly(0L, 256L, 300L);
        assertThatThrownBy(() -> VaeImages.samples(vae, 5, Picture.MEAN, 1, Watch.stopWhen(() -> true)))
                .isInstanceOf(StoppedException.class);
    }

    /** A decoder that paints the class: black, grey or white, whatever z is. */
    @Test
    void samplesOfAConditionalModelAreOfItsClassesInTurn() {
        Layer decoder = Layer.of(input ->
                input.narrow(1, 2, 1).mul(0.5).add(input.narrow(1, 3, 1)).reshape(-1, 1, 1, 1));
        Vae vae = closing(new Vae(
                Layer.of(x -> x),
                DiagonalGaussian::of,
                decoder,
                IndependentPixels::new,
                new StandardNormal(1),
                new Gaussian(),
                3,
                Device.CPU));
        ImageSet samples = draw(vae, 600, Picture.MEAN, 3);

        int[] levels = {0, 128, 255};
        for (int i = 0; i < samples.size(); i++) {
            assertThat(samples.image(i)[0] & 0xff).as("sample %d", i).isEqualTo(levels[i % 3]);
        }
    }

    @Test
    void imagesAsModelledKeepWhatTheLikelihoodSees() {
        byte[] pixels = new byte[8 * 8 * 4];
        int[] labels = new int[4];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) i;
            labels[i / 64] = i / 64 % 2;
        }
        ImageSet images = ImageSet.labelled("all bytes", pixels, 1, 8, 8, labels, List.of("a", "b"));

        ImageSet sixteen = VaeImages.asModelled(small(new Categorical(16)), images);
        ImageSet binary = VaeImages.asModelled(small(new Bernoulli()), images);
        for (int i = 0; i < 256; i++) {
            assertThat(sixteen.image(i / 64)[i % 64] & 0xff).isEqualTo((i >> 4) * 17);
            assertThat(binary.image(i / 64)[i % 64] & 0xff).isEqualTo(i < 128 ? 0 : 255);
        }
        assertThat(sixteen.labels()).isEqualTo(labels);
        assertThat(sixteen.classNames()).isEqualTo(images.classNames());
        assertThat(VaeImages.asModelled(small(new Gaussian()), images).sha256()).isEqualTo(images.sha256());
        assertThat(VaeImages.asModelled(small(new Categorical(256)), images).sha256())
                .isEqualTo(images.sha256());
    }

    @Test
    void imagesAsModelledWithoutLabelsAndInSeveralPortions() {
        ImageSet glyphs = Glyphs.draw("glyphs", 300, 1);
        byte[] pixels = new byte[300 * 784];
        for (int i = 0; i < 300; i++) {
            System.arraycopy(glyphs.image(i), 0, pixels, 784 * i, 784);
        }
        ImageSet unlabelled = ImageSet.unlabelled("plain", pixels, 1, 28, 28);

        ImageSet same = VaeImages.asModelled(small(new Gaussian()), unlabelled);
        assertThat(same.isLabelled()).isFalse();
        assertThat(same.sha256()).isEqualTo(unlabelled.sha256());
    }
}
