package varepsilon.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.ScopedTest;
import varepsilon.tensor.Tensor;

class NotFiniteTest extends ScopedTest {
    private static final List<String> NAMES = List.of("a", "b", "c");

    private static List<String> found(float[]... values) {
        return NotFinite.among(
                NAMES,
                List.of(Tensor.of(values[0], values[0].length), Tensor.of(values[1], 2), Tensor.of(values[2], 2)));
    }

    @Test
    void theTensorsWithSuchElementsAreNamed() {
        float[] good = {1, -2};
        assertThat(found(good, good, good)).isEmpty();
        assertThat(found(good, new float[] {Float.NaN, 0}, good)).containsExactly("b");
        assertThat(found(new float[] {0, Float.NEGATIVE_INFINITY}, good, new float[] {Float.POSITIVE_INFINITY, 1}))
                .containsExactly("a", "c");
        assertThat(found(good, good, new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}))
                .as("which do not cancel")
                .containsExactly("c");
    }

    @Test
    void finiteElementsWhoseSumOverflowsAreFinite() {
        float[] huge = {3e38f, 3e38f};
        assertThat(found(huge, huge, huge)).isEmpty();
        assertThat(found(huge, new float[] {0, Float.NaN}, huge)).containsExactly("b");
    }
}
