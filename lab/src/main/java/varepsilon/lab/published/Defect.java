package varepsilon.lab.published;

import java.util.List;

/** The defects of the run behind the published robustness tables, each of which can be switched on. */
public enum Defect {
    /** The attacked image is clamped to [0, 1] after normalisation, which cuts off all that is darker than the mean. */
    CLAMP_NORMALISED("clamp-normalised"),
    /** FGSM maximises minus the logit of the class in evaluation: a log-likelihood loss applied to logits. */
    LOGIT_LOSS("logit-loss"),
    /** ε and the step are in units of the normalised image, and PGD's step is 200 times its ε. */
    NORMALISED_UNITS("normalised-units"),
    /** The PGD defence attacks in training mode, and then trains on the unperturbed images. */
    TRAIN_ON_CLEAN("train-on-clean"),
    /** The pre-trained model without a defence is not trained at all, with augmentation or without. */
    NO_FURTHER_TRAINING("no-further-training"),
    /** Accuracy divides by batches times batch size, though the last batch is smaller. */
    ACCURACY_BY_BATCHES("accuracy-by-batches");

    private final String label;

    Defect(String label) {
        this.label = label;
    }

    /** Its name in configurations. */
    public String label() {
        return label;
    }

    /** Those that a training can have. */
    public static List<String> namesInTraining() {
        return List.of(CLAMP_NORMALISED.label, NORMALISED_UNITS.label, TRAIN_ON_CLEAN.label);
    }
}
