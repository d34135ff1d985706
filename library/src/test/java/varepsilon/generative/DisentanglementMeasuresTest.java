package varepsilon.generative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;
import varepsilon.data.FactorTable;
import varepsilon.data.FactorTable.Factor;
import varepsilon.data.Shapes;

/** The measures of disentanglement on codes whose scores are known. */
class DisentanglementMeasuresTest {
    /** Every combination of a and b from 0 to 3 once: independent exactly. */
    private static final FactorTable GRID = grid(4, 4);

    private static final FactorTable SHAPES = Shapes.sample(0, 5_000, 1);

    private static FactorTable grid(int... counts) {
        List<Factor> factors = Arrays.stream(counts)
                .mapToObj(count -> new Factor("factor", count, true))
                .toList();
        int size = Arrays.stream(counts).reduce(1, (a, b) -> a * b);
        int[][] values = new int[size][counts.length];
        for (int i = 0; i < size; i++) {
            int rest = i;
            for (int f = 0; f < counts.length; f++) {
                values[i][f] = rest % counts[f];
                rest /= counts[f];
            }
        }
        return new FactorTable(factors, values);
    }

    private static double[][] codes(FactorTable table, Function<int[], double[]> encoder) {
        return Arrays.stream(table.values()).map(encoder).toArray(double[][]::new);
    }

    private static double[] values(int[] row) {
        return Arrays.stream(row).asDoubleStream().toArray();
    }

    /** Each factor in a dimension of its own, in another order, scale and direction, and one that never changes. */
    private static double[] separate(int[] row) {
        double[] code = new double[row.length + 1];
        for (int f = 0; f < row.length; f++) {
            code[row.length - 1 - f] = 7 - 0.01 * (f + 1) * row[f];
        }
        code[row.length] = 0.1;
        return code;
    }

    /** Pairs of standardised factors turned by 45°: each dimension has as much of one as of the other. */
    private static double[] turned(int[] row, FactorTable table) {
        double[] code = new double[row.length];
        for (int f = 0; f < row.length; f += 2) {
            double a = standardised(row[f], table.factors().get(f).count());
            double b = standardised(row[f + 1], table.factors().get(f + 1).count());
            code[f] = a + b;
            code[f + 1] = a - b;
        }
        return code;
    }

    private static double standardised(int value, int count) {
        return (value - (count - 1) / 2.0) / Math.sqrt((count * count - 1) / 12.0);
    }

    private static double[][] noise(int n, int d) {
        Random random = new Random(8);
        double[][] codes = new double[n][d];
        for (double[] code : codes) {
            Arrays.setAll(code, j -> random.nextGaussian());
        }
        return codes;
    }

    // ---- FactorVAE score

    @Test
    void aFactorInADimensionOfItsOwnScoresOne() {
        FactorVaeScore found = FactorVaeScore.of(codes(SHAPES, DisentanglementMeasuresTest::separate), SHAPES, 1);

        assertThat(found.score()).isEqualTo(1);
        assertThat(found.chance()).isCloseTo(1.0 / 6, within(1e-15));
    }

    @Test
    void noiseScoresChance() {
        double share = FactorVaeScore.of(noise(5_000, 10), SHAPES, 1).score();

        // 5,000 votes: four standard errors are 0.021, and dimensions are assigned by votes, a little over chance.
        assertThat(share).isCloseTo(1.0 / 6, within(0.03));
    }

    @Test
    void codesThatDoNotVaryScoreChance() {
        assertThat(FactorVaeScore.of(new double[5_000][3], SHAPES, 1).score()).isEqualTo(1.0 / 6);
        assertThat(MutualInformationGap.of(new double[5_000][3], SHAPES).gap()).isZero();
        assertThat(DciScores.of(new double[5_000][3], SHAPES).disentanglement()).isZero();
    }

    /** Fixing either factor of a pair halves the variance of both its dimensions, so that each gets half of the votes. */
    @Test
    void pairsThatAreTurnedScoreOneHalf() {
        double score = FactorVaeScore.of(codes(SHAPES, row -> turned(row, SHAPES)), SHAPES, 1)
                .score();

        assertThat(score).isBetween(0.45, 0.55);
    }

    @Test
    void votesAreDecidedBySeed() {
        double[][] codes = codes(SHAPES, row -> turned(row, SHAPES));

        assertThat(FactorVaeScore.of(codes, SHAPES, 3)).isEqualTo(FactorVaeScore.of(codes, SHAPES, 3));
        assertThat(FactorVaeScore.of(codes, SHAPES, 3)).isNotEqualTo(FactorVaeScore.of(codes, SHAPES, 4));
    }

    // ---- Mutual information gap

    @Test
    void aFactorInADimensionOfItsOwnHasTheWholeGap() {
        MutualInformationGap found = MutualInformationGap.of(codes(GRID, DisentanglementMeasuresTest::separate), GRID);

        assertThat(found.gap()).isCloseTo(1, within(1e-12));
        assertThat(found.information()[1][0]).isCloseTo(Math.log(4), within(1e-12));
        assertThat(found.information()[0][0]).isCloseTo(0, within(1e-12));
        assertThat(found.information()[2]).containsExactly(0, 0);
    }

    /** Of 8 equally frequent values, pairs look the same: log 8 less log 2 of log 8. */
    @Test
    void aCoarseCodeHasTheShareOfTheEntropyThatItKeeps() {
        FactorTable table = grid(8, 3);
        MutualInformationGap found =
                MutualInformationGap.of(codes(table, row -> new double[] {Math.floorDiv(row[0], 2), row[1]}), table);

        assertThat(found.gaps().get(0)).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(found.gaps().get(1)).isCloseTo(1, within(1e-12));
        assertThat(found.gap()).isCloseTo(5.0 / 6, within(1e-12));
    }

    /** What a + b says of a, a − b says too: H(a + b) − log 4 nats. */
    @Test
    void turnedPairsHaveNoGap() {
        MutualInformationGap found =
                MutualInformationGap.of(codes(GRID, row -> new double[] {row[0] + row[1], row[0] - row[1]}), GRID);
        double entropy = 0;
        for (int count : new int[] {1, 2, 3, 4, 3, 2, 1}) {
            entropy -= count / 16.0 * Math.log(count / 16.0);
        }

        assertThat(found.gap()).isCloseTo(0, within(1e-12));
        for (double[] row : found.information()) {
            assertThat(row).containsExactly(new double[] {entropy - Math.log(4), entropy - Math.log(4)}, within(1e-12));
        }
    }

    @Test
    void aSecondCopyOfTheCodeTakesTheGapAway() {
        double[][] twice = codes(GRID, row -> new double[] {row[0], row[1], row[0], row[1]});

        assertThat(MutualInformationGap.of(twice, GRID).gap()).isZero();
    }

    @Test
    void onShapesTheGapIsWholeForTheFactorsAndNoneForNoise() {
        assertThat(MutualInformationGap.of(codes(SHAPES, DisentanglementMeasuresTest::values), SHAPES)
                        .gap())
                .isBetween(0.98, 1.0); // factors of 5,000 drawn images are not quite independent
        assertThat(MutualInformationGap.of(noise(5_000, 6), SHAPES).gap()).isBetween(0.0, 0.01);
    }

    // ---- DCI

    @Test
    void aFactorInADimensionOfItsOwnIsDisentangledAndComplete() {
        DciScores found = DciScores.of(codes(GRID, DisentanglementMeasuresTest::separate), GRID);

        assertThat(found.disentanglement()).isCloseTo(1, within(1e-12));
        assertThat(found.completeness()).isCloseTo(1, within(1e-12));
        // The penalty of 0.05 makes the coefficient 0.95, which leaves 0.05² unexplained.
        assertThat(found.importance()[1]).containsExactly(new double[] {0.95, 0}, within(1e-9));
        assertThat(found.informativeness()).isCloseTo(1 - 0.05 * 0.05, within(1e-9));
    }

    @Test
    void turnedPairsAreInformativeWithoutBeingEither() {
        DciScores found = DciScores.of(codes(GRID, row -> turned(row, GRID)), GRID);

        assertThat(found.disentanglement()).isCloseTo(0, within(1e-9));
        assertThat(found.completeness()).isCloseTo(0, within(1e-9));
        // Each of two uncorrelated dimensions correlates with the factor by √½, less the penalty.
        double weight = Math.sqrt(0.5) - 0.05;
        assertThat(found.informativeness()).isCloseTo(1 - 2 * 0.05 * 0.05, within(1e-9));
        for (double[] row : found.importance()) {
            assertThat(row).containsExactly(new double[] {weight, weight}, within(1e-9));
        }
    }

    /** A factor that is the sum of two dimensions: these are disentangled, but it is not complete. */
    @Test
    void oneFactorInTwoDimensionsIsDisentangledWithoutBeingComplete() {
        int[][] parts = grid(3, 3, 4).values();
        FactorTable table = new FactorTable(
                List.of(new Factor("sum", 5, true), new Factor("other", 4, true)),
                Arrays.stream(parts)
                        .map(part -> new int[] {part[0] + part[1], part[2]})
                        .toArray(int[][]::new));
        DciScores found = DciScores.of(
                Arrays.stream(parts).map(DisentanglementMeasuresTest::values).toArray(double[][]::new), table);

        assertThat(found.disentanglement()).isCloseTo(1, within(1e-9));
        assertThat(found.completeness()).isCloseTo((1 - Math.log(2) / Math.log(3) + 1) / 2, within(1e-9));
    }

    /** Correlated code dimensions: the minimum of the penalised squares, by its conditions. */
    @Test
    void coefficientsMinimiseThePenalisedSquares() {
        Random random = new Random(2);
        double[][] codes = new double[400][];
        int[][] values = new int[400][];
        for (int i = 0; i < codes.length; i++) {
            double a = random.nextGaussian();
            double b = 0.7 * a + random.nextGaussian();
            double c = b - 0.5 * a + random.nextGaussian();
            codes[i] = new double[] {a, b, c};
            values[i] = new int[] {(int) Math.max(0, Math.min(9, 5 + a + 2 * c + random.nextGaussian())), i % 2};
        }
        FactorTable table = new FactorTable(List.of(new Factor("x", 10, true), new Factor("y", 2, true)), values);
        double[][] importance = DciScores.of(codes, table).importance();

        double[][] x = new double[3][];
        for (int j = 0; j < 3; j++) {
            int dimension = j;
            x[j] = Codes.standardised(
                    Arrays.stream(codes).mapToDouble(row -> row[dimension]).toArray());
        }
        double[] y = Codes.standardised(
                Arrays.stream(table.column(0)).asDoubleStream().toArray());
        // All three correlate with x positively or not at all, so that importances are the coefficients themselves.
        for (int j = 0; j < 3; j++) {
            double slope = 0;
            for (int i = 0; i < y.length; i++) {
                double rest =
                        y[i] - x[0][i] * importance[0][0] - x[1][i] * importance[1][0] - x[2][i] * importance[2][0];
                slope += x[j][i] * rest / y.length;
            }
            if (importance[j][0] > 0) {
                assertThat(slope).isCloseTo(0.05, within(1e-6));
            } else {
                assertThat(Math.abs(slope)).isLessThan(0.05);
            }
        }
        assertThat(importance[2][0]).isPositive();
    }

    @Test
    void noiseIsNeither() {
        DciScores found = DciScores.of(noise(5_000, 6), SHAPES);

        assertThat(found)
                .extracting(DciScores::disentanglement, DciScores::completeness)
                .containsExactly(0.0, 0.0);
        assertThat(found.informativeness()).isCloseTo(0, within(1e-12));
    }

    @Test
    void onShapesTheFactorsAreDisentangled() {
        DciScores found = DciScores.of(codes(SHAPES, DisentanglementMeasuresTest::values), SHAPES);

        assertThat(found.disentanglement()).isCloseTo(1, within(1e-12));
        assertThat(found.completeness()).isCloseTo(1, within(1e-12));
        assertThat(found.importance()[0][0]).as("kinds without an order").isPositive();
    }

    // ---- Errors

    @Test
    void refusesWhatDoesNotFitTogether() {
        double[][] codes = codes(GRID, DisentanglementMeasuresTest::values);
        assertThatThrownBy(() -> MutualInformationGap.of(Arrays.copyOf(codes, 15), GRID))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("15 codes and 16 images");
        double[][] broken = codes(GRID, DisentanglementMeasuresTest::values);
        broken[3] = new double[] {1};
        assertThatThrownBy(() -> DciScores.of(broken, GRID)).hasMessageContaining("code 3 has 1 dimensions");
        broken[3] = new double[] {1, Double.NaN};
        assertThatThrownBy(() -> FactorVaeScore.of(broken, GRID, 1))
                .hasMessageContaining("code 3 is [1.0, NaN]: expected finite numbers");
        assertThatThrownBy(() -> MutualInformationGap.of(Arrays.copyOf(codes, 4), GRID.limit(4)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("all 4 images have the same factor");
    }
}
