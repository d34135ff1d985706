package varepsilon.lab.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The smallest training of a classifier worth the name: epochs of four steps. */
final class SmallClassifier {
    static final int HELD_OUT = 20;

    private SmallClassifier() {}

    static List<Object> training(Path dataDir, Path out, int epochs, Object... more) {
        List<Object> words = new ArrayList<>(List.of("classifier", "train", "--data", "mnist", "--data-dir", dataDir));
        words.addAll(List.of("--out", out, "--validation", HELD_OUT, "--batch-size", 25, "--epochs", epochs));
        words.addAll(List.of("--threads", 1, "--device", "cpu"));
        words.addAll(List.of(more));
        return words;
    }

    /** Against an adversary of one step, checked by one of two. */
    static List<Object> robustTraining(Path dataDir, Path out, int epochs, Object... more) {
        List<Object> words = training(dataDir, out, epochs, "--defense", "adversarial-loss", "--attack", "fgsm-rs");
        words.addAll(List.of("--alpha", 0.5, "--eps", "26/255", "--check-steps", 2));
        words.addAll(List.of(more));
        return words;
    }
}
