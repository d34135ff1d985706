package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.base.Watch;
import varepsilon.data.FactorTable;
import varepsilon.data.Shapes;

/** Of models whose codes are known. */
class DisentanglementTest extends GenerativeTest {
    private static final FactorTable FACTORS = Shapes.sample(0, 3_000, 1);

    private Disentanglement measure(int[][] bytes, Watch watch) {
        Vae vae = closing(PixelCodes.diagonal(bytes[0].length, 1, new StandardNormal(bytes[0].length)));
        Disentanglement found = Disentanglement.of(vae, PixelCodes.images(bytes), FACTORS, 1_000, 1, watch);
        assertThat(vae.isTraining()).as("modes are restored").isTrue();
        return found;
    }

    @Test
    void aModelThatReadsTheFactorsOffHasThemSeparated() {
        List<Long> heard = new ArrayList<>();
        int[][] bytes = Arrays.stream(FACTORS.values())
                .map(row -> new int[] {10 * row[1], 10 * row[2], 10 * row[3], 10 * row[4], 20 * row[5], 100 * row[0]})
                .toArray(int[][]::new);
        Disentanglement found = measure(bytes, (what, done, all) -> heard.add(done));

        assertThat(found.n()).isEqualTo(3_000);
        assertThat(found.latentDim()).isEqualTo(6);
        assertThat(found.factorVaeScore()).isEqualTo(1);
        assertThat(found.mig()).isBetween(0.97, 1.0);
        assertThat(found.dciDisentanglement()).isCloseTo(1, within(1e-3));
        assertThat(found.dciCompleteness()).isCloseTo(1, within(1e-3));
        assertThat(found.factors())
                .extracting(Disentanglement.OfFactor::name)
                .containsExactly("shape", "size", "rotation", "x", "y", "shade");
        assertThat(found.factors())
                .extracting(Disentanglement.OfFactor::dimension)
                .containsExactly(5, 0, 1, 2, 3, 4);
        assertThat(found.factors().get(3).importance().get(2)).isCloseTo(0.95, within(1e-3));
        assertThat(found.factors().get(3).informationNats().get(2)).isCloseTo(Math.log(16), within(0.01));
        assertThat(heard).containsExactly(0L, 1_000L, 2_000L, 3_000L);
    }

    @Test
    void aModelThatMixesThemHasNot() {
        int[][] bytes = Arrays.stream(FACTORS.values())
                .map(row -> new int[] {8 * row[3] + 8 * row[4], 120 + 8 * row[3] - 8 * row[4]})
                .toArray(int[][]::new);
        Disentanglement found = measure(bytes, Watch.NONE);

        assertThat(found.mig()).isBetween(0.0, 0.02);
        assertThat(found.dciDisentanglement()).isBetween(0.5, 0.7); // two of six factors: 1 − log 2 / log 6 = 0.61
        assertThat(found.dciCompleteness()).isBetween(0.0, 0.01);
        assertThat(found.dciInformativeness()).isCloseTo(2.0 / 6, within(0.01));
    }
}
