package varepsilon.train;

import java.util.List;
import java.util.Optional;

/**
 * Ends a training before its last epoch. It is evaluated after every epoch and when a run is resumed, and depends on
 * the history alone, so that a run that it ended is not continued on resume.
 */
@FunctionalInterface
public interface StopRule {
    /**
     * The reason to stop, as a message; empty to go on.
     *
     * @param history the finished epochs, at least one
     */
    Optional<String> reasonToStop(List<EpochResult> history);
}
