package varepsilon.lab.experiment;

import java.io.IOException;

/** A unit of work of an experiment, whose result is kept in files of its own. */
public interface Cell {
    /** What it is, for display. */
    String label();

    /** The name of its file or folder: different for every setting that changes the result. */
    String key();

    /** Whether its result is there. */
    boolean isDone();

    /**
     * Runs it, or resumes it.
     *
     * @throws varepsilon.base.StoppedException where a stop was requested first
     */
    void run() throws IOException;
}
