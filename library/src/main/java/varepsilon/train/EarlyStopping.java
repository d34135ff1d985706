package varepsilon.train;

import java.util.List;
import java.util.Optional;

/**
 * Stops when a validation metric has not improved for so many epochs (Prechelt 1998, "Early Stopping — But When?").
 *
 * @param monitor the metric, and which way is better
 * @param patience epochs without a new best value after which to stop, at least 1
 */
public record EarlyStopping(Monitor monitor, int patience) implements StopRule {
    /** Rejects a patience below 1. */
    public EarlyStopping {
        if (patience < 1) {
            throw new IllegalArgumentException("patience " + patience + ": expected at least 1 epoch");
        }
    }

    @Override
    public Optional<String> reasonToStop(List<EpochResult> history) {
        int best = 0;
        for (int epoch = 1; epoch < history.size(); epoch++) {
            if (monitor.isBetter(monitor.value(history.get(epoch)), monitor.value(history.get(best)))) {
                best = epoch;
            }
        }
        int since = history.size() - 1 - best;
        return since < patience
                ? Optional.empty()
                : Optional.of("validation " + monitor.metric() + " has not improved on "
                        + monitor.value(history.get(best)) + " for " + since + " epochs");
    }
}
