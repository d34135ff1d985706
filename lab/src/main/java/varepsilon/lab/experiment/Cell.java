package varepsilon.lab.experiment;

import java.io.IOException;

/** A piece of work of an experiment that is done once, and whose result is kept in files of its own. */
public interface Cell {
    /** What it is, for people. */
    String label();

    /** The name of the file or folder that it makes: a different name for whatever gives a different result. */
    String key();

    /** Whether its result is there. */
    boolean isDone();

    /**
     * Does it, or goes on with it.
     *
     * @throws varepsilon.base.StoppedException where a stop was requested first
     */
    void run() throws IOException;
}
