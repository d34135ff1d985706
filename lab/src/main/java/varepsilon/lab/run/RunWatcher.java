package varepsilon.lab.run;

import varepsilon.train.TrainingListener;

/** Hears how a run goes on, its training and the test at its end; calls come on the thread that trains. */
public interface RunWatcher extends TrainingListener {
    /** So many of all units of the test are done. */
    default void tested(long done, long all) {}
}
