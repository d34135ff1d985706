package varepsilon.train;

import java.util.List;
import java.util.Optional;

/**
 * Ends a training before its last epoch. It is asked after every epoch and when a run is resumed, and decides by the
 * history alone, so that a run which it ended stays ended.
 */
@FunctionalInterface
public interface StopRule {
    /**
     * Why to stop, in words for the person who trains; empty to go on.
     *
     * @param history the finished epochs, at least one
     */
    Optional<String> reasonToStop(List<EpochResult> history);
}
