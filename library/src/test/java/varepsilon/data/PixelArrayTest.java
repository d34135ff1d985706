package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PixelArrayTest {
    /** Each pixel takes from those that the direction leads to, with the weights of half a Gaussian. */
    @ParameterizedTest
    @CsvSource({"0, 0, -1, false", "90, -1, 0, false", "45, -1, -1, true", "-45, 1, -1, true"})
    void aPointIsSmearedAlongTheDirection(double degrees, int down, int right, boolean diagonal) {
        PixelArray point = PixelArray.grey(9, 9).with((v, channel, row, column) -> row == 4 && column == 4 ? 1 : 0);
        PixelArray blurred = point.movedBlur(1, 1, degrees);
        double sum = 1 + Math.exp(-0.5) + Math.exp(-2);
        // Two steps along a diagonal are 1.4 pixels in each direction, which rounds to one.
        double next = Math.exp(-0.5) + (diagonal ? Math.exp(-2) : 0);
        assertThat(blurred.at(0, 4, 4)).isCloseTo(1 / sum, within(1e-12));
        assertThat(blurred.at(0, 4 + down, 4 + right)).isCloseTo(next / sum, within(1e-12));
    }
}
