package varepsilon.generative;

import java.util.Arrays;
import varepsilon.data.FactorTable;

/**
 * Disentanglement, completeness and informativeness (DCI) of Eastwood, Williams 2018, "A framework for the quantitative
 * evaluation of disentangled representations". Each factor is predicted from the code by a linear regression with an L1
 * penalty (lasso), all numbers standardised; a factor without an order, by one for each of its values. A coefficient's
 * absolute value is the importance of a code dimension for a factor.
 *
 * @param disentanglement how far each code dimension is important for one factor alone, averaged by the dimensions'
 *     importance: 1 less the entropy of its importances, with as many factors as the base of the logarithm. 0 where
 *     nothing is important
 * @param completeness how far each factor is predicted from one code dimension alone, averaged over factors. 0 for a
 *     factor that cannot be predicted
 * @param informativeness the share of the factors' variance that the regressions explain, averaged over factors. What is
 *     not linear in the code does not count
 * @param importance by code dimension and factor
 */
public record DciScores(double disentanglement, double completeness, double informativeness, double[][] importance) {
    /** Penalty on the coefficients of standardised numbers: partial correlations below it count as none. */
    private static final double PENALTY = 0.05;

    private static final double CONVERGED = 1e-9;
    private static final int MOST_SWEEPS = 10_000;

    /**
     * Of codes of images whose factors are known.
     *
     * @param codes N×d, for instance posterior means
     * @param factors of the same N images
     */
    public static DciScores of(double[][] codes, FactorTable factors) {
        Codes checked = new Codes(codes, factors);
        Lasso lasso = Lasso.on(checked);
        double[][] importance = new double[checked.dimensions()][checked.factorCount()];
        double explained = 0;
        for (int f = 0; f < checked.factorCount(); f++) {
            double[][] targets = targets(factors, f);
            for (double[] target : targets) {
                double[] weights = lasso.fit(target);
                for (int j = 0; j < weights.length; j++) {
                    importance[j][f] += Math.abs(weights[j]) / targets.length;
                }
                explained += lasso.explained(weights, target) / targets.length / checked.factorCount();
            }
        }
        return new DciScores(disentanglement(importance), completeness(importance), explained, importance);
    }

    /** The standardised values of a factor, or of the indicator of each value that occurs. */
    private static double[][] targets(FactorTable table, int factor) {
        int[] values = table.column(factor);
        if (table.factors().get(factor).ordered()) {
            return new double[][] {
                Codes.standardised(Arrays.stream(values).asDoubleStream().toArray())
            };
        }
        return Arrays.stream(values)
                .distinct()
                .sorted()
                .mapToObj(kind -> Codes.standardised(Arrays.stream(values)
                        .mapToDouble(value -> value == kind ? 1 : 0)
                        .toArray()))
                .toArray(double[][]::new);
    }

    private static double disentanglement(double[][] importance) {
        double total = 0;
        double weighted = 0;
        for (double[] row : importance) {
            double sum = Arrays.stream(row).sum();
            weighted += sum * concentration(row);
            total += sum;
        }
        return total == 0 ? 0 : weighted / total;
    }

    private static double completeness(double[][] importance) {
        int factors = importance[0].length;
        double sum = 0;
        for (int f = 0; f < factors; f++) {
            int factor = f;
            sum += concentration(
                    Arrays.stream(importance).mapToDouble(row -> row[factor]).toArray());
        }
        return sum / factors;
    }

    /** 1 less the entropy of numbers taken for probabilities, over that of equal ones; 0 where all are 0. */
    private static double concentration(double[] numbers) {
        double sum = Arrays.stream(numbers).sum();
        if (sum == 0) {
            return 0;
        }
        double entropy = -Arrays.stream(numbers)
                .filter(number -> number > 0)
                .map(number -> number / sum * Math.log(number / sum))
                .sum();
        return numbers.length == 1 ? 1 : 1 - entropy / Math.log(numbers.length);
    }

    /**
     * Minimises ½ |y − Xw|² / N + λ|w|₁ for standardised X and y, by coordinate descent.
     *
     * @param columns of X, d×N
     * @param gram XᵀX / N, d×d
     */
    private record Lasso(double[][] columns, double[][] gram) {
        static Lasso on(Codes codes) {
            double[][] columns = new double[codes.dimensions()][];
            Arrays.setAll(columns, j -> Codes.standardised(codes.column(j)));
            double[][] gram = new double[columns.length][columns.length];
            for (int i = 0; i < columns.length; i++) {
                for (int j = 0; j < columns.length; j++) {
                    gram[i][j] = product(columns[i], columns[j]);
                }
            }
            return new Lasso(columns, gram);
        }

        double[] fit(double[] target) {
            double[] weights = new double[columns.length];
            double[] correlations = new double[columns.length];
            Arrays.setAll(correlations, j -> product(columns[j], target));
            double change = Double.POSITIVE_INFINITY;
            for (int sweep = 0; sweep < MOST_SWEEPS && change > CONVERGED; sweep++) {
                change = 0;
                for (int j = 0; j < weights.length; j++) {
                    double rest = correlations[j] + gram[j][j] * weights[j];
                    for (int i = 0; i < weights.length; i++) {
                        rest -= gram[j][i] * weights[i];
                    }
                    double next = gram[j][j] == 0
                            ? 0
                            : Math.signum(rest) * Math.max(0, Math.abs(rest) - PENALTY) / gram[j][j];
                    change = Math.max(change, Math.abs(next - weights[j]));
                    weights[j] = next;
                }
            }
            if (change > CONVERGED) {
                throw new IllegalStateException("the regression has not converged in " + MOST_SWEEPS + " sweeps");
            }
            return weights;
        }

        /** 1 − |y − Xw|² / |y|². */
        double explained(double[] weights, double[] target) {
            double squares = 0;
            for (int i = 0; i < target.length; i++) {
                double rest = target[i];
                for (int j = 0; j < weights.length; j++) {
                    rest -= columns[j][i] * weights[j];
                }
                squares += rest * rest;
            }
            return 1 - squares / target.length;
        }

        private static double product(double[] a, double[] b) {
            double sum = 0;
            for (int i = 0; i < a.length; i++) {
                sum += a[i] * b[i];
            }
            return sum / a.length;
        }
    }
}
