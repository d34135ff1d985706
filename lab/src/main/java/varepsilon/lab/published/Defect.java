package varepsilon.lab.published;

import java.util.Arrays;
import java.util.List;
import varepsilon.base.InputException;

/** What was wrong in the run behind the published robustness tables, each a switch of its own. */
public enum Defect {
    /** The attacked image is clamped to [0, 1] after normalisation, which cuts off all that is darker than the mean. */
    CLAMP_NORMALISED("clamp-normalised", "the attacked image is clamped to [0, 1] after normalisation"),
    /** FGSM raises minus the logit of the class in evaluation: a log-likelihood loss that was given logits. */
    LOGIT_LOSS("logit-loss", "FGSM raises minus the logit, not the cross-entropy"),
    /** ε and the step are in units of the normalised image, and PGD's step is 200 times its ε. */
    NORMALISED_UNITS("normalised-units", "ε and step are in normalised units"),
    /** The PGD defence attacks in training mode, and then trains on the images as they were. */
    TRAIN_ON_CLEAN("train-on-clean", "the PGD defence trains on the unattacked images"),
    /** The pre-trained model without a defence is not trained at all, with augmentation or without. */
    NO_FURTHER_TRAINING("no-further-training", "the pre-trained model without defence is not trained further"),
    /** Accuracy divides by batches times batch size, though the last batch is smaller. */
    ACCURACY_BY_BATCHES("accuracy-by-batches", "accuracy is divided by batches × batch size");

    private final String label;
    private final String description;

    Defect(String label, String description) {
        this.label = label;
        this.description = description;
    }

    /** Its name in configurations. */
    public String label() {
        return label;
    }

    /** What it is, for people. */
    public String description() {
        return description;
    }

    /**
     * The one of this name.
     *
     * @throws InputException where there is none
     */
    public static Defect named(String label) {
        return Arrays.stream(values())
                .filter(defect -> defect.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new InputException("defect " + label + ": expected one of "
                        + String.join(
                                ", ", Arrays.stream(values()).map(Defect::label).toList())));
    }

    /** Those that a training can have. */
    public static List<String> namesInTraining() {
        return List.of(CLAMP_NORMALISED.label, NORMALISED_UNITS.label, TRAIN_ON_CLEAN.label);
    }
}
