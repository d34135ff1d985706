package varepsilon.lab.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.SignNoise;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Tensor;

/** Linear models, for which everything is known: margin 2·w·(x − ½), gradient 2w. */
class LossGeometryTest {
    private static final int SIDE = 2;
    private static final double EPSILON = 0.1;

    /** Logits −w·(x − ½) and w·(x − ½). */
    private static Classifier linear(float... w) {
        return pixels -> {
            Tensor score = pixels.flatten(1).sub(0.5).matmul(Tensor.of(w, w.length, 1));
            return Tensor.concat(1, List.of(score.neg(), score));
        };
    }

    /** Grey images, so that the box is out of reach; the label is 1. */
    private static ImageSet grey(int... levels) {
        byte[] pixels = new byte[levels.length * SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) levels[i / (SIDE * SIDE)];
        }
        int[] labels = new int[levels.length];
        Arrays.fill(labels, 1);
        return ImageSet.labelled("grey", pixels, 1, SIDE, SIDE, labels, List.of("dark", "bright"));
    }

    @Test
    void alignmentOfFourEqualPixels() {
        LossGeometry.Alignment alignment = LossGeometry.alignment(linear(1, 1, 1, 1), grey(150, 160), 7, Device.CPU);

        // The sum of four signs is 0, ±2 or ±4 with probabilities 6, 8 and 2 of 16: E|s·g| is 1.5 of 4. Four standard
        // errors of 256 draws are 0.083.
        assertThat(alignment.measured()).isCloseTo(1.5 / 4, within(0.083));
        assertThat(alignment.predicted()).isCloseTo(Math.sqrt(2 / Math.PI) * 2 / 4, within(1e-9));
    }

    @Test
    void oneSensitivePixelIsAsWellServedByChanceSignsUpToTheirDirection() {
        LossGeometry.Alignment alignment = LossGeometry.alignment(linear(3, 0, 0, 0), grey(150), 7, Device.CPU);

        assertThat(alignment.measured()).isCloseTo(1, within(1e-9));
    }

    @Test
    void cosinesOfGradients() {
        ImageSet images = grey(150, 160, 170);

        assertThat(LossGeometry.cosines(linear(1, 2, 3, 4), linear(2, 4, 6, 8), images, Device.CPU))
                .containsExactly(new double[] {1, 1, 1}, within(1e-6));
        assertThat(LossGeometry.cosines(linear(1, 1, 0, 0), linear(1, -1, 1, 0), images, Device.CPU))
                .containsExactly(new double[] {0, 0, 0}, within(1e-6));
        assertThat(LossGeometry.cosines(linear(1, 1, 1, 1), linear(1, 1, -1, 0), images, Device.CPU))
                .containsExactly(new double[] {1 / Math.sqrt(12), 1 / Math.sqrt(12), 1 / Math.sqrt(12)}, within(1e-6));
    }

    @Test
    void effectsOfFgsmAndNoiseOnThoseThatAreCorrect() {
        float[] w = {1, -2, 3, 4};
        Classifier model = linear(w);
        // The first is dark, so that it is wrong before and does not count.
        ImageSet images = grey(20, 150, 200);
        List<Trial> trials = List.of(trial(new Fgsm()), trial(new SignNoise()));
        LossGeometry.Effects effects = new LossGeometry.Effects(model, images, trials.size(), Device.CPU);
        new RobustEvaluation(trials, 2, 3, Device.CPU).of(model, images, effects, Watch.NONE);

        double lead = 2 * (1 + 2 + 3 + 4) * EPSILON;
        assertThat(effects.of(0).marginLost()).isCloseTo(lead, within(1e-5));
        double expected = 0;
        for (int level : new int[] {150, 200}) {
            double before = 2 * (1 - 2 + 3 + 4) * (level / 255.0 - 0.5);
            expected += Math.log1p(Math.exp(lead - before)) - Math.log1p(Math.exp(-before));
        }
        assertThat(effects.of(0).lossGained()).isCloseTo(expected / 2, within(1e-5));
        assertThat(Math.abs(effects.of(1).marginLost())).isLessThanOrEqualTo(lead + 1e-5);
    }

    private static Trial trial(Attack attack) {
        return Trial.untargeted(attack, ThreatModel.of(Norm.LINF, EPSILON));
    }
}
