package varepsilon.generative;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.FactorTable;
import varepsilon.data.ImageSet;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;

/**
 * How far a VAE separates the factors that images were drawn from, by the means of its posteriors.
 *
 * @param n images
 * @param latentDim dimensions of z
 * @param factorVaeScore {@link FactorVaeScore#score}
 * @param factorVaeChance {@link FactorVaeScore#chance}
 * @param mig {@link MutualInformationGap#gap}
 * @param dciDisentanglement {@link DciScores#disentanglement}
 * @param dciCompleteness {@link DciScores#completeness}
 * @param dciInformativeness {@link DciScores#informativeness}
 * @param factors what each dimension says about each factor
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Disentanglement(
        int n,
        int latentDim,
        double factorVaeScore,
        double factorVaeChance,
        double mig,
        double dciDisentanglement,
        double dciCompleteness,
        double dciInformativeness,
        List<OfFactor> factors) {
    /**
     * What the code says about a factor.
     *
     * @param name of the factor
     * @param gap its mutual information gap
     * @param dimension of z that says most about it, from 0
     * @param informationNats I(zⱼ; v) of each dimension j
     * @param importance of each dimension in the regression of {@link DciScores}
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record OfFactor(
            String name, double gap, int dimension, List<Double> informationNats, List<Double> importance) {}

    /**
     * Measures in evaluation mode; modes are restored.
     *
     * @param factors of these images
     * @param batchSize images encoded at once, at least 1
     * @param seed of the votes of {@link FactorVaeScore}
     * @param watch receives the number of images done
     * @throws StoppedException where a stop is requested
     */
    public static Disentanglement of(
            Vae vae, ImageSet images, FactorTable factors, int batchSize, long seed, Watch watch) {
        double[][] codes = posteriorMeans(vae, images, batchSize, watch.throwing());
        FactorVaeScore score = FactorVaeScore.of(codes, factors, seed);
        MutualInformationGap gap = MutualInformationGap.of(codes, factors);
        DciScores dci = DciScores.of(codes, factors);
        List<OfFactor> rows = new ArrayList<>();
        for (int f = 0; f < factors.factors().size(); f++) {
            List<Double> information = column(gap.information(), f);
            int best = 0;
            for (int j = 1; j < information.size(); j++) {
                best = information.get(j) > information.get(best) ? j : best;
            }
            rows.add(new OfFactor(
                    factors.factors().get(f).name(),
                    gap.gaps().get(f),
                    best,
                    information,
                    column(dci.importance(), f)));
        }
        return new Disentanglement(
                images.size(),
                codes[0].length,
                score.score(),
                score.chance(),
                gap.gap(),
                dci.disentanglement(),
                dci.completeness(),
                dci.informativeness(),
                rows);
    }

    private static double[][] posteriorMeans(Vae vae, ImageSet images, int batchSize, Watch watch) {
        double[][] means = new double[images.size()][];
        watch.progress("encoding", 0, images.size());
        vae.evaluating(() -> {
            int done = 0;
            var batches = Batches.of(images, batchSize).iterator();
            while (batches.hasNext()) {
                try (var scope = Scope.withoutGradients()) {
                    Batch batch = batches.next();
                    double[] flat = vae.given(batch)
                            .posterior(vae.target(batch.images()))
                            .mean()
                            .to(DType.FLOAT64)
                            .toDoubles();
                    int latentDim = flat.length / batch.size();
                    for (int i = 0; i < batch.size(); i++) {
                        means[done++] = Arrays.copyOfRange(flat, i * latentDim, (i + 1) * latentDim);
                    }
                }
                watch.progress("encoding", done, images.size());
            }
        });
        return means;
    }

    private static List<Double> column(double[][] matrix, int column) {
        return Arrays.stream(matrix).map(row -> row[column]).toList();
    }
}
