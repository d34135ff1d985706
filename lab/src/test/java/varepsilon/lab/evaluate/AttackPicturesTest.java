package varepsilon.lab.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.data.ImageSet;
import varepsilon.report.ImageGrid;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.evaluate.AttackedBatch;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Tensor;

class AttackPicturesTest {
    private static final int SIDE = 2;
    private static final int EPS = 20; // of 255
    private static final int RIGHT = 0x2B7BBA;
    private static final int WRONG = 0xD0402E;
    private static final List<String> NAMES = List.of("dark", "light");

    /** Grey levels of plain images; a 'light' one is one over 127.5. */
    private static final int[] LEVELS = {200, 140, 10, 30, 120, 135, 180};

    private static final int[] LABELS = {1, 1, 0, 1, 0, 1, 0};
    // Fooled by 20 levels: 1, 4, 5. Robust: 0, 2. Wrong already: 3, 6.

    private static final ImageSet IMAGES = plain(1);

    /** The logit of 'light' rises with the mean pixel. */
    private static final Classifier BRIGHTNESS = pixels -> {
        Tensor light = pixels.flatten(1).mean(1).sub(0.5).mul(40).reshape(pixels.size(0), 1);
        return Tensor.concat(1, List.of(light.neg(), light));
    };

    @BeforeAll
    static void oneThread() {
        Engine.setThreads(1);
    }

    private static ImageSet plain(int channels) {
        int size = channels * SIDE * SIDE;
        byte[] pixels = new byte[LEVELS.length * size];
        for (int i = 0; i < LEVELS.length; i++) {
            Arrays.fill(pixels, i * size, (i + 1) * size, (byte) LEVELS[i]);
        }
        return ImageSet.labelled("plain", pixels, channels, SIDE, SIDE, LABELS.clone(), NAMES);
    }

    private static Trial trial(Attack attack, Norm norm, double epsilon) {
        return Trial.untargeted(attack, ThreatModel.of(norm, epsilon));
    }

    private static void attack(ImageSet images, int batchSize, Trial trial, Consumer<AttackedBatch> listener) {
        new RobustEvaluation(List.of(trial), batchSize, 1, Device.CPU).of(BRIGHTNESS, images, listener, Watch.NONE);
    }

    private static AttackPictures attacked(int count, int batchSize) {
        Trial fgsm = trial(new Fgsm(), Norm.LINF, EPS / 255.0);
        AttackPictures pictures = AttackPictures.first(count, 0, fgsm, BRIGHTNESS, NAMES);
        attack(IMAGES, batchSize, fgsm, pictures);
        return pictures;
    }

    @Test
    void thoseThatFallComeFirstThenThoseThatHoldThenThoseThatWereWrongAlready() {
        for (int batchSize : new int[] {1, 2, 3, 7}) {
            assertThat(attacked(2, batchSize).shown()).containsExactly(1, 4);
            assertThat(attacked(4, batchSize).shown()).containsExactly(1, 4, 5, 0);
            assertThat(attacked(6, batchSize).shown()).containsExactly(1, 4, 5, 0, 2, 3);
            assertThat(attacked(50, batchSize).shown()).containsExactly(1, 4, 5, 0, 2, 3, 6);
        }
    }

    @Test
    void aColumnHoldsOriginalPerturbationAndAdversarial() {
        ImageGrid grid = attacked(6, 3).grid();
        int[] shown = {1, 4, 5, 0, 2, 3};
        BufferedImage drawn = grid.render();
        for (int column = 0; column < 6; column++) {
            int image = shown[column];
            boolean tried = image != 3; // what is wrong already is left alone
            int sign = LABELS[image] == 1 ? -1 : 1;
            int after = Math.min(255, Math.max(0, LEVELS[image] + (tried ? sign * EPS : 0)));
            assertThat(grey(drawn, grid.cell(column))).isEqualTo(LEVELS[image]);
            assertThat(grey(drawn, grid.cell(6 + column)))
                    .as("±ε fills the range, none is grey")
                    .isEqualTo(!tried ? 128 : sign > 0 ? 255 : 0);
            assertThat(grey(drawn, grid.cell(12 + column))).isEqualTo(after);
        }
    }

    @Test
    void aFrameTellsWhetherThePredictionIsCorrect() {
        ImageGrid grid = attacked(6, 3).grid();
        BufferedImage drawn = grid.render();
        int[] before = {RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, WRONG};
        int[] after = {WRONG, WRONG, WRONG, RIGHT, RIGHT, WRONG};
        for (int column = 0; column < 6; column++) {
            assertThat(frame(drawn, grid.cell(column))).isEqualTo(before[column]);
            assertThat(frame(drawn, grid.cell(6 + column))).isEqualTo(0xF4F4F2);
            assertThat(frame(drawn, grid.cell(12 + column))).isEqualTo(after[column]);
        }
    }

    @Test
    void inOtherNormsTheLargestChangeFillsTheRange() {
        Trial pgd = trial(Pgd.ofSteps(5).withRandomStart(false), Norm.L2, 4 * EPS / 255.0);
        AttackPictures pictures = AttackPictures.first(3, 0, pgd, BRIGHTNESS, NAMES);
        attack(IMAGES, 7, pgd, pictures);
        ImageGrid grid = pictures.grid();
        BufferedImage drawn = grid.render();
        // Of four equal pixels each moves by half the length, which is 40 of 255, in either direction.
        assertThat(pictures.shown()).containsExactly(1, 4, 5);
        assertThat(grey(drawn, grid.cell(3))).isLessThanOrEqualTo(1);
        assertThat(grey(drawn, grid.cell(4))).isGreaterThanOrEqualTo(254);
    }

    @Test
    void withoutAPerturbationAllIsGrey() {
        Trial none = trial(new Fgsm(), Norm.LINF, 0);
        AttackPictures pictures = AttackPictures.first(1, 0, none, BRIGHTNESS, NAMES);
        attack(IMAGES, 7, none, pictures);
        ImageGrid grid = pictures.grid();
        assertThat(grey(grid.render(), grid.cell(1))).isEqualTo(128);
    }

    @Test
    void certainImagesStandInTheirOrderWhateverBecomesOfThem() {
        Trial fgsm = trial(new Fgsm(), Norm.LINF, EPS / 255.0);
        AttackPictures pictures = AttackPictures.of(new int[] {5, 0, 3}, 0, fgsm, BRIGHTNESS, NAMES);
        attack(IMAGES, 2, fgsm, pictures);
        assertThat(pictures.shown()).containsExactly(0, 3, 5);
    }

    @Test
    void colourImagesAreDrawnInColour() {
        Trial fgsm = trial(new Fgsm(), Norm.LINF, EPS / 255.0);
        byte[] red = new byte[3 * SIDE * SIDE];
        Arrays.fill(red, 0, SIDE * SIDE, (byte) 255);
        ImageSet images = ImageSet.labelled("red", red, 3, SIDE, SIDE, new int[] {0}, NAMES);
        AttackPictures pictures = AttackPictures.first(1, 0, fgsm, BRIGHTNESS, NAMES);
        attack(images, 1, fgsm, pictures);
        ImageGrid grid = pictures.grid();
        BufferedImage drawn = grid.render();
        assertThat(rgb(drawn, grid.cell(0))).isEqualTo(0xFF0000);
        assertThat(rgb(drawn, grid.cell(1))).as("red is white already").isEqualTo(0x80FFFF);
        assertThat(rgb(drawn, grid.cell(2))).isEqualTo(0xFF1414);
    }

    @Test
    void onlyItsOwnTrialIsShown() {
        Trial weak = trial(new Fgsm(), Norm.LINF, 1 / 255.0);
        Trial strong = trial(new Fgsm(), Norm.LINF, EPS / 255.0);
        AttackPictures pictures = AttackPictures.first(3, 1, strong, BRIGHTNESS, NAMES);
        assertThatIllegalStateException().isThrownBy(pictures::grid).withMessageContaining("no image was attacked");
        new RobustEvaluation(List.of(weak, strong), 4, 1, Device.CPU).of(BRIGHTNESS, IMAGES, pictures, Watch.NONE);
        assertThat(pictures.shown()).as("the weak one fools none").containsExactly(1, 4, 5);
    }

    @Test
    void sharesAreNeverRoundedToCertainty() {
        assertThat(AttackPictures.percent(0.001)).isEqualTo("<1 %");
        assertThat(AttackPictures.percent(0.4949)).isEqualTo("49 %");
        assertThat(AttackPictures.percent(0.9949)).isEqualTo("99 %");
        assertThat(AttackPictures.percent(0.9951)).isEqualTo(">99 %");
    }

    @Test
    void aCountThatMakesNoSenseIsRefused() {
        Trial trial = trial(new Fgsm(), Norm.LINF, 0.1);
        for (int count : new int[] {0, 101}) {
            assertThatExceptionOfType(InputException.class)
                    .isThrownBy(() -> AttackPictures.first(count, 0, trial, BRIGHTNESS, NAMES))
                    .withMessageContaining("pictures of " + count + " examples: expected 1 to 100");
        }
    }

    private static int rgb(BufferedImage drawn, Rectangle cell) {
        return drawn.getRGB(cell.x + cell.width - 1, cell.y + cell.height - 1) & 0xFFFFFF;
    }

    private static int grey(BufferedImage drawn, Rectangle cell) {
        int rgb = rgb(drawn, cell);
        assertThat(rgb).isEqualTo((rgb & 0xFF) * 0x010101);
        return rgb & 0xFF;
    }

    private static int frame(BufferedImage drawn, Rectangle cell) {
        return drawn.getRGB(cell.x - 1, cell.y - 1) & 0xFFFFFF;
    }
}
