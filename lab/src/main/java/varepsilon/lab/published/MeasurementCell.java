package varepsilon.lab.published;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.data.Checksums;
import varepsilon.data.ImageSet;
import varepsilon.lab.experiment.Cell;
import varepsilon.lab.experiment.Workplace;
import varepsilon.lab.published.MeasuredClassifier.Measurement;
import varepsilon.tensor.Device;
import varepsilon.train.RunDirectory;

/**
 * Whether one model classifies each image correctly, clean and after each measurement. Made by {@link
 * #of}.
 *
 * @param label what it is, for display
 * @param key a digest of all inputs
 * @param weights of the model: a file or a run directory
 * @param images to classify
 * @param measurements of the images
 * @param seed of the random numbers
 * @param device of the classifier
 * @param workplace with the folder of the result
 */
record MeasurementCell(
        String label,
        String key,
        Path weights,
        ImageSet images,
        List<Measurement> measurements,
        long seed,
        Device device,
        Workplace workplace)
        implements Cell {
    private static final int DIGITS = 12;
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /**
     * The file that keeps it.
     *
     * @param model SHA-256 of the weights
     * @param images SHA-256 of the images
     * @param correct by measurement, a 1 for each correctly classified image and a 0 for each other
     */
    private record Kept(
            String model,
            String images,
            @JsonProperty("right") Map<String, String> correct) {}

    static MeasurementCell of(
            String label,
            Path weights,
            ImageSet images,
            List<Measurement> measurements,
            long seed,
            Device device,
            Workplace workplace)
            throws IOException {
        String made = digest(weights) + images.sha256() + measurements + seed;
        String key = "evaluation-"
                + Checksums.sha256(made.getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
        return new MeasurementCell(label, key, weights, images, List.copyOf(measurements), seed, device, workplace);
    }

    private static String digest(Path weights) throws IOException {
        return Checksums.sha256(RunDirectory.weightsOf(weights));
    }

    private Path file() {
        return workplace.folder().resolve("evaluations").resolve(key() + ".json");
    }

    @Override
    public boolean isDone() {
        return Files.isRegularFile(file());
    }

    @Override
    public void run() throws IOException {
        Map<String, String> correct = new LinkedHashMap<>();
        try (MeasuredClassifier classifier = MeasuredClassifier.read(weights, device)) {
            long all = (long) images.size() * measurements.size();
            for (Measurement measurement : measurements) {
                long before = (long) images.size() * correct.size();
                boolean[] of = classifier.correct(
                        measurement,
                        images,
                        seed,
                        done -> workplace.progress(label + ": " + measurement.name(), before + done, all));
                correct.put(measurement.name(), bits(of));
            }
        }
        AtomicFile.writeString(
                file(), JSON.writeValueAsString(new Kept(digest(weights), images.sha256(), correct)) + "\n");
    }

    /**
     * Whether each image was correctly classified after a measurement; of one that is done.
     *
     * @throws InputException where the file was changed
     */
    boolean[] correct(String measurement) throws IOException {
        try {
            String bits = JSON.readValue(Files.readString(file()), Kept.class)
                    .correct()
                    .get(measurement);
            if (bits == null || !bits.matches("[01]{" + images.size() + "}")) {
                throw new InputException(file() + ": has no measurement of '" + measurement + "' on " + images.size()
                        + " images; delete it to run it again");
            }
            boolean[] correct = new boolean[bits.length()];
            for (int i = 0; i < correct.length; i++) {
                correct[i] = bits.charAt(i) == '1';
            }
            return correct;
        } catch (JsonProcessingException e) {
            throw new InputException(
                    file() + ": cannot be read: " + e.getOriginalMessage() + "; delete it to run it again", e);
        }
    }

    private static String bits(boolean[] correct) {
        StringBuilder text = new StringBuilder(correct.length);
        for (boolean one : correct) {
            text.append(one ? '1' : '0');
        }
        return text.toString();
    }
}
