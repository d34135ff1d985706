package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.data.Batches;
import varepsilon.data.ImageSet;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeEvaluation;
import varepsilon.generative.VaeFile;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.LineChart;
import varepsilon.report.Metrics;
import varepsilon.report.Table;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * Question 1.5: the two terms of the ELBO while a VAE is trained, and in models that were trained with another weight β
 * of the divergence.
 */
final class TwoTermsStudy extends Study {
    private static final int SHOWN = 10;
    private static final int BATCH = 128;

    /**
     * The terms after one epoch, with β = 1, in nats.
     *
     * @param epoch from 1
     */
    record Epoch(double epoch, double trainReconstruction, double reconstruction, double trainKl, double kl) {}

    /**
     * A model of another β on test images.
     *
     * @param beta weight of the divergence in training
     * @param reconstruction −E_q[log p(x|z)] in nats
     * @param kl KL(q(z|x) ‖ p(z)) in nats
     * @param bpd −ELBO in bits per dimension, with β = 1
     * @param activeUnits latent dimensions in use
     * @param mismatch of codes and prior, in nats: {@link #mismatch}
     */
    record Row(double beta, double reconstruction, double kl, double bpd, int activeUnits, double mismatch) {}

    TwoTermsStudy() {
        super(
                "1.5",
                "Reconstruction and regularisation",
                "Why do the names reconstruction loss and regularisation loss fit the two terms of the ELBO?",
                "The first measures how well the decoder gives back the input from a z of q(z|x); the second holds"
                        + " q(z|x) to the prior, so that the latent space does not overfit and can be sampled from.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        double[] betas = context.pick(
                new double[] {0.25, 1, 8}, new double[] {0.25, 1, 4, 16}, new double[] {0.1, 0.25, 1, 4, 10});
        ImageSet images = StudyVae.testImages(context, context.pick(200, 2000, 10_000));
        List<Row> rows = new ArrayList<>();
        Map<String, byte[]> pictures = new LinkedHashMap<>();
        pictures.put("test images", joined(images, Math.min(SHOWN, images.size())));
        for (double beta : betas) {
            context.progress("models by β", rows.size(), betas.length);
            try (VaeFile file = StudyVae.trained(context, beta)) {
                rows.add(row(beta, file.vae(), images, context.seed()));
                file.vae().evaluating(() -> draw(file.vae(), images, beta, context.seed(), pictures));
            }
        }
        List<Epoch> epochs = epochs(StudyVae.run(context, 1));
        Measured measured = new Measured(epochs, images.size(), rows);
        Exhibit.Picture picture = Exhibit.Picture.ofRows(
                "betas",
                pictures,
                Math.min(SHOWN, images.size()),
                images,
                "Reconstructions of test images by models of different β, and their samples from the prior; expected"
                        + " values of the pixels.");
        return measured.with(measured.exhibits(picture));
    }

    private static Row row(double beta, Vae vae, ImageSet images, long seed) {
        VaeEvaluation evaluation = VaeEvaluation.of(vae, images, VaeEvaluation.Settings.elbo(BATCH, seed));
        return new Row(
                beta,
                evaluation.reconstructionNats(),
                evaluation.klNats(),
                evaluation.bpd(),
                evaluation.activeUnits(),
                mismatch(vae, images));
    }

    /**
     * Mismatch between the codes of all images and the prior, in nats: the divergence of a normal distribution with
     * their means and variances, dimension by dimension, from N(0, I). 0 means that codes and draws from the prior have
     * the same means and variances.
     */
    private static double mismatch(Vae vae, ImageSet images) {
        int latentDim = vae.prior().latentDim();
        double[] mean = new double[latentDim];
        double[] square = new double[latentDim];
        vae.evaluating(() -> {
            var batches = Batches.of(images, BATCH).iterator();
            while (batches.hasNext()) {
                try (var scope = Scope.withoutGradients()) {
                    DiagonalGaussian q = (DiagonalGaussian)
                            vae.posterior(vae.target(batches.next().images()));
                    add(q.mean(), mean, images.size());
                    add(q.mean().square().add(q.logStd().mul(2).exp()), square, images.size());
                }
            }
        });
        double sum = 0;
        for (int i = 0; i < latentDim; i++) {
            double variance = square[i] - mean[i] * mean[i];
            sum += 0.5 * (variance + mean[i] * mean[i] - 1 - Math.log(variance));
        }
        return sum;
    }

    private static void add(Tensor values, double[] to, int count) {
        double[] sums = values.sum(0L).toDoubles();
        for (int i = 0; i < to.length; i++) {
            to[i] += sums[i] / count;
        }
    }

    private static void draw(Vae vae, ImageSet images, double beta, long seed, Map<String, byte[]> into) {
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(seed).split("study 1.5").stream()) {
            int shown = Math.min(SHOWN, images.size());
            Tensor first =
                    Batches.of(images.limit(shown), shown).iterator().next().images();
            String name = Words.text("β %s", plain(beta));
            into.put(name + " reconstructed", bytes(vae.reconstruct(first, Picture.MEAN, rng)));
            into.put(name + " from the prior", bytes(vae.sample(shown, Picture.MEAN, rng)));
        }
    }

    private static byte[] bytes(Tensor unit) {
        float[] values = unit.toFloats();
        byte[] result = new byte[values.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (byte) Math.round(255 * values[i]);
        }
        return result;
    }

    private static byte[] joined(ImageSet images, int count) {
        byte[] result = new byte[count * images.dimensions()];
        for (int i = 0; i < count; i++) {
            System.arraycopy(images.image(i), 0, result, i * images.dimensions(), images.dimensions());
        }
        return result;
    }

    /** Both terms from a run's {@code metrics.csv}. */
    static List<Epoch> epochs(Path run) throws IOException {
        Map<String, double[]> metrics = Metrics.ofRun(run);
        Function<String, double[]> column = name -> {
            if (!metrics.containsKey(name)) {
                throw new InputException(run + ": its metrics.csv has no column " + name
                        + "; move the folder away, and it is trained again");
            }
            return metrics.get(name);
        };
        double[] trainReconstruction = column.apply("train_reconstruction_nats");
        double[] reconstruction = column.apply("val_reconstruction_nats");
        double[] trainKl = column.apply("train_kl_nats");
        double[] kl = column.apply("val_kl_nats");
        double[] epoch = column.apply("epoch");
        return IntStream.range(0, epoch.length)
                .mapToObj(i -> new Epoch(epoch[i] + 1, trainReconstruction[i], reconstruction[i], trainKl[i], kl[i]))
                .toList();
    }

    private static String plain(double beta) {
        return beta == Math.rint(beta) ? Words.text("%.0f", beta) : Double.toString(beta);
    }

    /** The measurements; rows by rising β. */
    record Measured(List<Epoch> epochs, int images, List<Row> rows) implements Answer {
        @Override
        public Numbers numbers() {
            Numbers numbers = new Numbers();
            for (Row row : rows) {
                String name = "_beta_" + plain(row.beta());
                numbers.put("reconstruction_nats" + name, row.reconstruction());
                numbers.put("kl_nats" + name, row.kl());
                numbers.put("bpd" + name, row.bpd());
                numbers.put("mismatch_nats" + name, row.mismatch());
            }
            return numbers;
        }

        @Override
        public String because() {
            return Words.text(
                    "With rising β the divergence %s and the reconstruction term %s; codes are %s nats off the prior"
                            + " at β = %s and %s at β = %s; in training the reconstruction term went from %.1f to %.1f"
                            + " nats.",
                    klFalls() ? "falls at every step" : "does not fall at every step",
                    reconstructionRises() ? "rises at every step" : "does not rise at every step",
                    Words.number(first().mismatch()),
                    plain(first().beta()),
                    Words.number(last().mismatch()),
                    plain(last().beta()),
                    epochs.get(0).reconstruction(),
                    lastEpoch().reconstruction());
        }

        List<Exhibit> exhibits(Exhibit.Picture picture) {
            return List.of(
                    new Exhibit.Chart(training(), "Both terms of the ELBO while the model with β = 1 is trained."),
                    new Exhibit.Chart(
                            terms(), Words.text("Both terms on %,d test images, against the β of training.", images)),
                    picture,
                    new Exhibit.Numbers(
                            table(),
                            "Terms on test images, unweighted; the mismatch is the divergence from the prior of a"
                                    + " normal distribution with the means and variances of all codes together."));
        }

        private Row first() {
            return rows.get(0);
        }

        private Row last() {
            return Rows.last(rows);
        }

        private Epoch lastEpoch() {
            return Rows.last(epochs);
        }

        private boolean klFalls() {
            return Rows.rises(rows, row -> -row.kl());
        }

        private boolean reconstructionRises() {
            return Rows.rises(rows, Row::reconstruction);
        }

        @Override
        public Verdict verdict() {
            boolean reconstructs = reconstructionRises()
                    && lastEpoch().reconstruction() < epochs.get(0).reconstruction();
            boolean regularises = klFalls() && last().mismatch() < first().mismatch();
            if (reconstructs && regularises) {
                return Verdict.CONFIRMED;
            }
            return reconstructs || regularises ? Verdict.MIXED : Verdict.CONTRADICTED;
        }

        @Override
        public String reading() {
            Row low = first();
            Row high = last();
            String trade = klFalls() && reconstructionRises()
                    ? "gives a smaller divergence and a worse reconstruction"
                    : "does not trade one term for the other throughout";
            Row best = rows.get(0);
            for (Row row : rows) {
                best = row.bpd() < best.bpd() ? row : best;
            }
            return Words.text(
                            "A larger weight of the divergence %s: from β = %s to %s the former goes from %.1f to %.1f"
                                    + " nats, the latter from %.1f to %.1f.",
                            trade,
                            plain(low.beta()),
                            plain(high.beta()),
                            low.kl(),
                            high.kl(),
                            low.reconstruction(),
                            high.reconstruction())
                    + " "
                    + Words.text(
                            "All codes together are %s nats off the prior at β = %s and %s at β = %s, so that %s draws"
                                    + " from the prior more like codes; %d and %d latent dimensions are in use, and the"
                                    + " ELBO is best at β = %s with %.3f bits per dimension.",
                            Words.number(low.mismatch()),
                            plain(low.beta()),
                            Words.number(high.mismatch()),
                            plain(high.beta()),
                            high.mismatch() < low.mismatch() ? "the larger weight makes" : "no larger weight makes",
                            low.activeUnits(),
                            high.activeUnits(),
                            plain(best.beta()),
                            best.bpd());
        }

        private LineChart training() {
            double[] x = Rows.column(epochs, Epoch::epoch);
            return new LineChart("Training with β = 1", "epoch", "nats")
                    .logY()
                    .curve("reconstruction, training", x, Rows.column(epochs, Epoch::trainReconstruction))
                    .curve("reconstruction, held out", x, Rows.column(epochs, Epoch::reconstruction))
                    .curve("KL, training", x, Rows.column(epochs, Epoch::trainKl))
                    .curve("KL, held out", x, Rows.column(epochs, Epoch::kl));
        }

        private LineChart terms() {
            double[] betas = Rows.column(rows, Row::beta);
            return new LineChart("The two terms", "β", "nats")
                    .logX()
                    .logY()
                    .curve("reconstruction", betas, Rows.column(rows, Row::reconstruction))
                    .curve("KL", betas, Rows.column(rows, Row::kl))
                    .curve("codes off the prior", betas, Rows.column(rows, Row::mismatch));
        }

        private Table table() {
            Table table = new Table(
                    Table.text("β"),
                    Table.number("reconstruction", "nats", 1),
                    Table.number("KL", "nats", 2),
                    Table.number("−ELBO", "bits/dim", 4),
                    Table.count("active units", ""),
                    Table.number("codes off the prior", "nats", 3));
            for (Row row : rows) {
                table.row(
                        plain(row.beta()),
                        row.reconstruction(),
                        row.kl(),
                        row.bpd(),
                        row.activeUnits(),
                        row.mismatch());
            }
            return table;
        }
    }
}
