package varepsilon.base;

import java.util.function.BooleanSupplier;

/**
 * Receives the progress of long work, and can request a stop. Calls come on the working thread; an exception that they
 * throw ends the work. A lambda of three arguments receives the progress and never requests a stop.
 */
@FunctionalInterface
public interface Watch {
    /** Ignores the progress and never requests a stop. */
    Watch NONE = (what, done, all) -> {};

    /**
     * Reports progress; most work first calls it with {@code done} 0.
     *
     * @param what is being done, such as {@code training}
     * @param done units that are done, of those that there are to do
     * @param all units that there are to do, at least 1
     */
    void progress(String what, long done, long all);

    /** A message for the user. */
    default void say(String message) {}

    /**
     * Whether the work is to stop. Polled between its units, by attacks at every pass; finished units are kept where
     * the work supports it.
     */
    default boolean stopRequested() {
        return false;
    }

    /** Ignores the progress, and requests a stop when the condition holds. */
    static Watch stopWhen(BooleanSupplier condition) {
        return new Watch() {
            @Override
            public void progress(String what, long done, long all) {}

            @Override
            public boolean stopRequested() {
                return condition.getAsBoolean();
            }
        };
    }

    /** This, for work that is called something else here. */
    default Watch as(String name) {
        return reporting((what, done, all) -> progress(name, done, all));
    }

    /**
     * This, for work that is a part of a larger one, counted as the larger one is.
     *
     * @param before units of the larger work that are done before this part
     * @param total units of the larger work
     */
    default Watch part(long before, long total) {
        return reporting((what, done, all) -> progress(what, before + done, total));
    }

    /** This, for work without partial results: its progress throws where a stop is requested. */
    default Watch throwing() {
        return reporting((what, done, all) -> {
            progress(what, done, all);
            if (done < all && stopRequested()) {
                throw new StoppedException();
            }
        });
    }

    private Watch reporting(Watch changed) {
        Watch original = this;
        return new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                changed.progress(what, done, all);
            }

            @Override
            public void say(String message) {
                original.say(message);
            }

            @Override
            public boolean stopRequested() {
                return original.stopRequested();
            }
        };
    }
}
