package varepsilon.base;

import java.util.function.BooleanSupplier;

/**
 * Follows work that takes long, and says when it is to stop. Calls come on the thread that works; what they throw ends the
 * work. A lambda of three arguments follows the progress and never stops.
 */
@FunctionalInterface
public interface Watch {
    /** Follows nothing and never stops. */
    Watch NONE = (what, done, all) -> {};

    /**
     * So many of all units are done; the first call of most work says that none are.
     *
     * @param what is being done, such as {@code training}
     * @param done units that are done, of those that there are to do
     * @param all units that there are to do, at least 1
     */
    void progress(String what, long done, long all);

    /** Something that a person who follows should read. */
    default void say(String message) {}

    /** Whether the work is to stop. Asked between its units; what is done is kept where the work can keep it. */
    default boolean stopRequested() {
        return false;
    }

    /** Follows nothing, and stops when the condition holds. */
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

    /** This, for work of which a part is of no use: its progress throws where a stop is requested. */
    default Watch throwing() {
        return reporting((what, done, all) -> {
            progress(what, done, all);
            if (stopRequested()) {
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
