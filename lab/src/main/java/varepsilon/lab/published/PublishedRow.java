package varepsilon.lab.published;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * A row of the published robustness tables: the accuracy of one model on 2,500 test images.
 *
 * @param question {@code 2.1} (FGSM) or {@code 2.3} (PGD)
 * @param set {@code Set 1} or {@code Set 2}
 * @param pretrained whether training began with pre-trained weights
 * @param attack {@code none}, {@code fgsm} or {@code pgd}
 * @param defense the attack it was trained against: {@code none}, {@code fgsm} or {@code pgd}
 * @param augmentation whether training images were shifted and mirrored
 * @param accuracy share that was correctly classified
 * @param decimals its published decimals
 */
public record PublishedRow(
        String question,
        String set,
        boolean pretrained,
        String attack,
        String defense,
        boolean augmentation,
        double accuracy,
        int decimals) {
    /** The images behind each figure. */
    public static final int IMAGES = 2500;

    private static final String FILE = "published-robustness.csv";

    /** The rows of a question, in their order. */
    public static List<PublishedRow> of(String question) {
        return read().lines()
                .skip(1)
                .map(PublishedRow::parse)
                .filter(row -> row.question.equals(question))
                .toList();
    }

    private static PublishedRow parse(String line) {
        String[] cells = line.split(",");
        String accuracy = cells[6];
        return new PublishedRow(
                cells[0],
                cells[1],
                Boolean.parseBoolean(cells[2]),
                cells[3],
                cells[4],
                Boolean.parseBoolean(cells[5]),
                Double.parseDouble(accuracy),
                accuracy.length() - accuracy.indexOf('.') - 1);
    }

    private static String read() {
        try (InputStream in = PublishedRow.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(FILE + " cannot be read", e);
        }
    }

    /** Whether the images were attacked. */
    public boolean attacked() {
        return !attack.equals("none");
    }

    /** Whether the model was trained with a defence. */
    public boolean defended() {
        return !defense.equals("none");
    }

    /** 1 or 2. */
    public int setNumber() {
        return Integer.parseInt(set.substring(set.length() - 1));
    }

    /** The model that the row is about. */
    public Model model() {
        return new Model(setNumber(), pretrained, defended(), augmentation);
    }

    /**
     * A model of the tables.
     *
     * @param set 1 or 2
     * @param pretrained whether training began with pre-trained weights
     * @param defended whether it was trained against the question's attack
     * @param augmentation whether training images were shifted and mirrored
     */
    public record Model(int set, boolean pretrained, boolean defended, boolean augmentation) {
        /** A short label. */
        public String label() {
            return "set " + set + (pretrained ? ", pre-trained" : ", from scratch")
                    + (defended ? ", defended" : ", undefended") + (augmentation ? ", augmented" : "");
        }
    }

    /** A short label. */
    public String label() {
        return model().label() + (attacked() ? ", under " + attack.toUpperCase(Locale.ROOT) : ", clean");
    }
}
