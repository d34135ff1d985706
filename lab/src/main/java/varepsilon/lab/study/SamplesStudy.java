package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.data.Batch;
import varepsilon.data.Batches;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeFile;
import varepsilon.lab.run.TrainingPictures;
import varepsilon.lab.study.StudyResult.Verdict;
import varepsilon.report.IntervalChart;
import varepsilon.report.Table;
import varepsilon.stats.Accuracy;
import varepsilon.stats.Interval;
import varepsilon.stats.Percent;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** Question 1.9: samples before, early in and after training, and whether the final samples resemble digits. */
final class SamplesStudy extends Study {
    private static final int LATENT_DIM = 20;
    private static final int CHUNK = 125;

    /**
     * The number of images that a classifier of digits predicts with high confidence, by kind.
     *
     * @param test images of the data set
     * @param reconstruction of those, by their mean images
     * @param sample drawn from the model, their mean images
     */
    record Confidence(Accuracy test, Accuracy reconstruction, Accuracy sample) implements Answer {
        /** The share of confident predictions on test images less that on samples. */
        Interval gap() {
            return test.less(sample);
        }

        @Override
        public Verdict verdict() {
            return gap().low() > 0 ? Verdict.CONFIRMED : gap().high() < 0 ? Verdict.CONTRADICTED : Verdict.UNDECIDED;
        }

        @Override
        public String because() {
            return gap().low() > 0
                    ? "Confident predictions are less frequent on samples than on test images."
                    : "Samples are not clearly less digit-like than test images.";
        }

        @Override
        public String reading() {
            return Words.text(
                    "A classifier of digits predicts %s of the test images, %s of their reconstructions and %s of the"
                            + " samples with high confidence. That share is %s points lower on samples than on test"
                            + " images (95 %%).",
                    Percent.of(test.rate()),
                    Percent.of(reconstruction.rate()),
                    Percent.of(sample.rate()),
                    Percent.range(gap()));
        }

        @Override
        public Numbers numbers() {
            return new Numbers()
                    .put("sure_of_test", test.rate())
                    .put("sure_of_reconstructions", reconstruction.rate())
                    .put("sure_of_samples", sample.rate());
        }
    }

    SamplesStudy() {
        super(
                "1.9",
                "Samples over training",
                "What does the model draw before training, after 10 epochs and after 80?",
                "After 80 epochs some samples look like mixtures of digits, or like strokes that resemble digits and"
                        + " are none.");
    }

    @Override
    public StudyResult run(StudyContext context) throws IOException {
        Path run = context.trained(PublishedVae.config(context, LATENT_DIM));
        List<Exhibit> exhibits = new ArrayList<>();
        for (var samples : TrainingPictures.shownSamples(run).entrySet()) {
            int epoch = samples.getKey();
            exhibits.add(new Exhibit.Picture(
                    samples.getValue().getFileName().toString().replace(".png", ""),
                    Files.readAllBytes(samples.getValue()),
                    epoch == 0 ? "Samples before training." : "Samples after " + epoch + " epochs."));
        }
        Confidence confidence = measure(context, run);
        exhibits.add(new Exhibit.Intervals(
                chart(confidence), "Share of images that a classifier of digits predicts with high confidence."));
        exhibits.add(new Exhibit.Numbers(
                table(confidence),
                "Images for which a classifier trained on the data predicts a class with a probability of at least "
                        + DigitClassifier.CONFIDENT + ", with Wilson 95 % intervals."));
        return confidence.with(exhibits);
    }

    private static Confidence measure(StudyContext context, Path run) throws IOException {
        int count = context.pick(250, 2000, 5000);
        ImageSet test = Datasets.load(context.dataOr("mnist"), Split.TEST, context.dataDir())
                .limit(count);
        try (VaeFile file = VaeFile.read(run, context.device());
                DigitClassifier digits = DigitClassifier.of(context);
                Rng rng = Seed.of(context.seed()).split("study 1.9").stream()) {
            int[] hits = new int[3];
            var batches = Batches.of(test, CHUNK).iterator();
            for (int done = 0; done < test.size(); done += CHUNK) {
                context.progress("classifying images", done, test.size());
                try (var scope = Scope.withoutGradients()) {
                    Batch batch = batches.next();
                    Tensor images = batch.images().to(context.device());
                    Vae vae = file.vae();
                    int n = batch.size();
                    Tensor pixels = batch.pixels(context.device());
                    hits[0] += digits.classify(pixels).confident().correct();
                    hits[1] += digits.classify(vae.reconstruct(images, Picture.MEAN, rng))
                            .confident()
                            .correct();
                    hits[2] += digits.classify(vae.sample(n, Picture.MEAN, rng))
                            .confident()
                            .correct();
                }
            }
            int n = test.size();
            return new Confidence(new Accuracy(hits[0], n), new Accuracy(hits[1], n), new Accuracy(hits[2], n));
        }
    }

    private static IntervalChart chart(Confidence confidence) {
        return new IntervalChart("How digit-like images are", "share of confident predictions")
                .percent()
                .row("test images", mark(confidence.test()))
                .row("reconstructions", mark(confidence.reconstruction()))
                .row("samples", mark(confidence.sample()));
    }

    private static IntervalChart.Mark mark(Accuracy share) {
        return IntervalChart.Mark.of("confident", share.interval());
    }

    private static Table table(Confidence confidence) {
        Table table = new Table(
                Table.text("images"),
                Table.count("confident", "of " + confidence.test().n()),
                Table.percent("share", 1),
                Table.percent("from", 1),
                Table.percent("to", 1));
        Map<String, Accuracy> rows = new LinkedHashMap<>();
        rows.put("test images", confidence.test());
        rows.put("their reconstructions", confidence.reconstruction());
        rows.put("samples", confidence.sample());
        rows.forEach((name, share) -> table.row(
                name,
                share.correct(),
                share.rate(),
                share.interval().low(),
                share.interval().high()));
        return table;
    }
}
