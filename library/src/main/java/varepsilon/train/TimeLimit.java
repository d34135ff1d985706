package varepsilon.train;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;

/**
 * Stops after the epoch in which a training has taken so long, with all runs that it was resumed in together. How many
 * epochs that are depends on the machine.
 *
 * @param limit of the time that the epochs took
 */
public record TimeLimit(Duration limit) implements StopRule {
    /** Rejects a limit that is not positive. */
    public TimeLimit {
        if (limit.isNegative() || limit.isZero()) {
            throw new InputException("time limit " + limit + ": expected a positive time");
        }
    }

    @Override
    public Optional<String> reasonToStop(List<EpochResult> history) {
        double seconds = history.get(history.size() - 1).seconds();
        return seconds < limit.toMillis() / 1000.0
                ? Optional.empty()
                : Optional.of("the time limit of " + limit.toMinutes() + " minutes is reached");
    }
}
