package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;

class ImageSetTest {
    /** Three images of two channels of 1×2. */
    private static ImageSet small() {
        byte[] pixels = {0, 51, (byte) 255, (byte) 255, 102, (byte) 153, 0, 0, 1, 2, 3, 4};
        return ImageSet.labelled("small", pixels, 2, 1, 2, new int[] {1, 0, 1}, List.of("a", "b"));
    }

    @Test
    void knowsItsImages() {
        ImageSet set = small();
        assertThat(set.size()).isEqualTo(3);
        assertThat(set.dimensions()).isEqualTo(4);
        assertThat(set.image(2)).containsExactly(1, 2, 3, 4);
        assertThat(set.label(0)).isEqualTo(1);
        assertThat(set.classCounts()).containsExactly(1, 2);
        assertThatThrownBy(() -> set.image(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> set.label(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void whatItGivesAwayIsACopy() {
        ImageSet set = small();
        set.image(0)[1] = 9;
        set.labels()[0] = 0;
        assertThat(set.image(0)[1]).isEqualTo((byte) 51);
        assertThat(set.label(0)).isEqualTo(1);
    }

    @Test
    void subsetsOfSubsetsShowTheRightImages() {
        ImageSet twice = small().subset(2, 0, 1).subset(1, 0, 1);
        assertThat(twice.size()).isEqualTo(3);
        assertThat(twice.image(0)).isEqualTo(small().image(0));
        assertThat(twice.image(1)).isEqualTo(small().image(2));
        assertThat(twice.labels()).containsExactly(1, 1, 1);
        assertThat(twice.classCounts()).containsExactly(0, 3);
        byte[] gathered = new byte[8];
        twice.gather(new int[] {2, 1, 0}, 1, 3, gathered);
        assertThat(gathered).containsExactly(1, 2, 3, 4, 0, 51, 255, 255);
    }

    @Test
    void subsetRefusesWhatIsNotThere() {
        assertThatThrownBy(() -> small().subset(0, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3");
        assertThatThrownBy(() -> small().subset()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void limitShowsTheFirst() {
        assertThat(small().limit(2).sha256()).isEqualTo(small().subset(0, 1).sha256());
        assertThat(small().limit(3).size()).isEqualTo(3);
        assertThat(small().limit(100).size()).isEqualTo(3);
        assertThatThrownBy(() -> small().limit(0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("limit of 0");
        assertThatThrownBy(() -> small().limit(-1)).isInstanceOf(InputException.class);
    }

    @Test
    void statisticsAreByChannelInUnitsOfOne() {
        ImageSet.Statistics statistics = small().subset(0, 1).statistics();
        // Channel 0: 0, 0.2, 0.4, 0.6; channel 1: 1, 1, 0, 0.
        assertThat(statistics.mean().get(0)).isCloseTo(0.3, within(1e-15));
        assertThat(statistics.std().get(0)).isCloseTo(Math.sqrt(0.05), within(1e-15));
        assertThat(statistics.mean().get(1)).isEqualTo(0.5);
        assertThat(statistics.std().get(1)).isEqualTo(0.5);
    }

    @Test
    void checksumDependsOnContentOrderAndLabels() {
        assertThat(small().sha256()).isEqualTo(small().subset(0, 1, 2).sha256());
        assertThat(small().sha256()).isNotEqualTo(small().subset(0, 2, 1).sha256());
        byte[] pixels = {0, 51, (byte) 255, (byte) 255};
        ImageSet one = ImageSet.labelled("x", pixels, 2, 1, 2, new int[] {0}, List.of("a", "b"));
        assertThat(one.sha256()).isNotEqualTo(small().subset(0).sha256());
        assertThat(one.sha256())
                .isNotEqualTo(ImageSet.unlabelled("x", pixels, 2, 1, 2).sha256());
    }

    @Test
    void withoutLabelsItSaysSo() {
        ImageSet set = ImageSet.unlabelled("plain", new byte[6], 1, 1, 2);
        assertThat(set.size()).isEqualTo(3);
        assertThat(set.isLabelled()).isFalse();
        assertThat(set.classNames()).isEmpty();
        assertThatThrownBy(() -> set.label(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("plain");
        assertThatThrownBy(set::labels).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(set::classCounts).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesSizesThatDoNotFit() {
        assertThatThrownBy(() -> ImageSet.unlabelled("x", new byte[7], 1, 2, 2)).hasMessageContaining("7 bytes");
        assertThatThrownBy(() -> ImageSet.unlabelled("x", new byte[0], 1, 2, 2)).hasMessageContaining("0 bytes");
        assertThatThrownBy(() -> ImageSet.unlabelled("x", new byte[4], 1, 0, 2)).hasMessageContaining("1×0×2");
        assertThatThrownBy(() -> ImageSet.labelled("x", new byte[4], 1, 2, 2, new int[2], List.of("a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 images but 2 labels");
        assertThatThrownBy(() -> ImageSet.labelled("x", new byte[4], 1, 2, 2, new int[] {1}, List.of("a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("label 1");
    }
}
