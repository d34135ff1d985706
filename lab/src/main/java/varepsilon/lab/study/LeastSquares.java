package varepsilon.lab.study;

import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The straight line through points with the least squared distance in y.
 *
 * @param slope of the line
 * @param intercept at x = 0
 * @param slopeError standard error of the slope, from the scatter around the line
 * @param rSquared share of the variance of y that the line explains
 * @param points how many there were
 */
record LeastSquares(double slope, double intercept, double slopeError, double rSquared, int points) {
    /** @throws IllegalArgumentException for fewer than three points, or points over one x alone */
    static LeastSquares of(double[] x, double[] y) {
        int n = x.length;
        if (n < 3 || y.length != n) {
            throw new IllegalArgumentException(n + " and " + y.length + " values: expected as many, at least 3");
        }
        double meanX = Moments.mean(x);
        double meanY = Moments.mean(y);
        double xx = 0;
        double xy = 0;
        double yy = 0;
        for (int i = 0; i < n; i++) {
            xx += (x[i] - meanX) * (x[i] - meanX);
            xy += (x[i] - meanX) * (y[i] - meanY);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        if (!(xx > 0)) {
            throw new IllegalArgumentException("all points have one x");
        }
        double slope = xy / xx;
        double rest = Math.max(0, yy - slope * xy);
        return new LeastSquares(
                slope, meanY - slope * meanX, Math.sqrt(rest / (n - 2) / xx), yy > 0 ? 1 - rest / yy : 1, n);
    }

    /** Half the width of the slope's 95 % interval. */
    double slopeMargin() {
        return slopeError * TDistribution.of(points - 2.0).inverseCumulativeProbability(0.975);
    }
}
