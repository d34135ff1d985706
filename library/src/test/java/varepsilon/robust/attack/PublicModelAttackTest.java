package varepsilon.robust.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import varepsilon.classify.Architecture;
import varepsilon.classify.NetworkClassifier;
import varepsilon.classify.Normalisation;
import varepsilon.data.Batch;
import varepsilon.data.DataFolder;
import varepsilon.data.Datasets;
import varepsilon.data.ImageSet;
import varepsilon.data.Split;
import varepsilon.nn.Init;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * FGSM and PGD on the public CIFAR-10 models, image by image against PyTorch. {@code VAREPSILON_ATTACK_REFERENCE} names
 * outputs of attack_reference.py, separated as in a class path; {@code VAREPSILON_DATA} holds images and weights.
 */
class PublicModelAttackTest extends AttackFixture {
    private static final String REFERENCE = "VAREPSILON_ATTACK_REFERENCE";
    private static final int BATCH = 125;
    /** Of logits: below this, rounding decides which of two is the larger. */
    private static final double TIE = 1e-4;
    /**
     * Of logits: from here on 1 − p is a few units in the last place of single precision, and so is the slope of a
     * cross-entropy computed in it. What direction an attack then takes is anybody's rounding.
     */
    private static final double SURE = 13;

    private record Line(String attack, String norm, String epsilon, boolean[] right, double[] margins) {
        ThreatModel threat() {
            String[] parts = epsilon.split("/");
            double value = Double.parseDouble(parts[0]) / (parts.length > 1 ? Double.parseDouble(parts[1]) : 1);
            return ThreatModel.of(Norm.named(norm), value);
        }
    }

    private record Reference(String weights, DType dtype, AttackLoss loss, int[] indices, List<Line> lines) {}

    private record Found(boolean[] right, double[] margins) {}

    private static Reference read(Path file) throws IOException {
        List<String> text = Files.readAllLines(file);
        String[] model = text.get(0).split(" ");
        int[] indices;
        if (model[3].contains("-")) {
            indices = IntStream.rangeClosed(0, Integer.parseInt(model[3].substring(2)))
                    .toArray();
        } else {
            indices = Arrays.stream(model[3].split(","))
                    .mapToInt(Integer::parseInt)
                    .toArray();
        }
        List<Line> lines = new ArrayList<>();
        for (int i = 1; i < text.size(); i += 2) {
            String[] line = text.get(i).split(" ");
            boolean[] right = new boolean[indices.length];
            for (int j = 0; j < right.length; j++) {
                right[j] = line[4].charAt(j) == '1';
            }
            String[] numbers = text.get(i + 1).split(" ");
            double[] margins = Arrays.stream(numbers, 1, numbers.length)
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            lines.add(new Line(line[0], line[1], line[2], right, margins));
        }
        AttackLoss loss = model[4].equals("exact") ? AttackLoss.EXACT_CROSS_ENTROPY : AttackLoss.CROSS_ENTROPY;
        return new Reference(model[1], DType.valueOf(model[2].toUpperCase(Locale.ROOT)), loss, indices, lines);
    }

    private NetworkClassifier load(Path file, DType dtype) throws IOException {
        Weights weights = Weights.read(file);
        Normalisation normalisation =
                new Normalisation(numbers(weights, "normalize_mean"), numbers(weights, "normalize_std"));
        Architecture architecture =
                new Architecture(weights.metadata("architecture").orElseThrow(), 10, normalisation);
        NetworkClassifier classifier = closing(architecture.create(new Init(rng(1), Device.CPU, dtype)));
        classifier.module().load(weights);
        return classifier;
    }

    private static List<Double> numbers(Weights weights, String key) {
        return Arrays.stream(weights.metadata(key).orElseThrow().split(","))
                .map(Double::valueOf)
                .toList();
    }

    /** Pixels in single precision whatever the model's: the images are data, the same for both sides. */
    private static Tensor pixels(ImageSet images, int from, int to, DType dtype) {
        byte[] bytes = new byte[(to - from) * images.dimensions()];
        for (int i = from; i < to; i++) {
            System.arraycopy(images.image(i), 0, bytes, (i - from) * images.dimensions(), images.dimensions());
        }
        return Batch.pixels(Tensor.of(bytes, to - from, images.channels(), images.height(), images.width()))
                .to(dtype);
    }

    private Found run(NetworkClassifier classifier, Reference reference, ImageSet images, Line line) {
        Attack attack = line.attack.equals("fgsm")
                ? new Fgsm(reference.loss)
                : Pgd.ofSteps(10)
                        .withStepSize(StepSize.relative(0.25))
                        .withRandomStart(false)
                        .withLoss(reference.loss);
        boolean[] right = new boolean[images.size()];
        double[] margins = new double[images.size()];
        for (int from = 0; from < images.size(); from += BATCH) {
            int to = Math.min(from + BATCH, images.size());
            try (var scope = Scope.withoutGradients()) {
                Tensor pixels = pixels(images, from, to, reference.dtype);
                Tensor labels = labels(
                        Arrays.stream(images.labels(), from, to).asLongStream().toArray());
                AttackResult result =
                        AttackRun.untargeted(classifier, line.threat()).of(attack, pixels, labels, rng(1), new Cost());
                double[] after = new double[to - from];
                classifier.evaluating(() -> System.arraycopy(
                        AttackLoss.MARGIN
                                .of(classifier.logits(result.adversarial()), labels)
                                .toDoubles(),
                        0,
                        after,
                        0,
                        after.length));
                for (int i = from; i < to; i++) {
                    right[i] = result.isRobust(i - from);
                    margins[i] = after[i - from];
                }
            }
        }
        return new Found(right, margins);
    }

    /** Images that differ are reported, with both margins. */
    @Test
    @Tag("slow") // ten steps on 2,500 images at seven radii: a quarter of an hour
    void everyImageFallsOrStandsAsInPyTorch(TestReporter reporter) throws IOException {
        String files = System.getenv(REFERENCE);
        assumeTrue(files != null && !files.isBlank(), REFERENCE + " is not set: nothing to compare with");
        String data = System.getenv(DataFolder.VARIABLE);
        assumeTrue(data != null && !data.isBlank(), DataFolder.VARIABLE + " is not set: no images");
        Map<String, Integer> unexplained = new LinkedHashMap<>();
        for (String file : files.split(File.pathSeparator)) {
            Reference reference = read(Path.of(file));
            NetworkClassifier classifier = load(Path.of(data, "weights", reference.weights), reference.dtype);
            ImageSet images =
                    Datasets.load("cifar10", Split.TEST, Path.of(data)).subset(reference.indices);
            for (Line line : reference.lines) {
                if (!line.attack.equals("fgsm") && !line.attack.equals("pgd")) {
                    continue;
                }
                Found found = run(classifier, reference, images, line);
                StringBuilder differences = new StringBuilder();
                int different = 0;
                int unexplainedHere = 0;
                int[] robust = new int[2];
                for (int i = 0; i < images.size(); i++) {
                    robust[0] += found.right[i] ? 1 : 0;
                    robust[1] += line.right[i] ? 1 : 0;
                    if (found.right[i] != line.right[i]) {
                        different++;
                        boolean tie = Math.abs(found.margins[i]) < TIE || Math.abs(line.margins[i]) < TIE;
                        boolean sure = reference.dtype == DType.FLOAT32
                                && reference.loss == AttackLoss.CROSS_ENTROPY
                                && reference.lines.get(0).margins[i] < -SURE;
                        unexplainedHere += tie || sure ? 0 : 1;
                        differences.append(String.format(
                                Locale.ROOT,
                                " [image %d: clean margin %.1f, %.2e here, %.2e there]",
                                reference.indices[i],
                                reference.lines.get(0).margins[i],
                                found.margins[i],
                                line.margins[i]));
                    }
                }
                String title = reference.weights + " " + reference.dtype
                        + (reference.loss == AttackLoss.CROSS_ENTROPY ? "" : " exact loss") + " " + line.attack + " "
                        + line.norm + " " + line.epsilon;
                reporter.publishEntry(
                        title,
                        "right here " + robust[0] + ", there " + robust[1] + " of " + images.size() + "; different "
                                + different + differences);
                unexplained.put(title, unexplainedHere);
            }
        }
        assertThat(unexplained).isNotEmpty();
        unexplained.forEach((title, count) -> assertThat(count)
                .as("%s: images that differ without a reason", title)
                .isZero());
    }
}
