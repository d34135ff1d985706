package varepsilon.lab.study;

import java.io.IOException;

/** One question of the source, asked by measurement. Studies are values without state. */
public interface Study {
    /** The question's number: {@code 1.2}, {@code 2.1a}. */
    String id();

    /** What it is about, in a few words. */
    String title();

    /** What is asked. */
    String question();

    /** What the source says, in our words. */
    String claim();

    /**
     * Measures.
     *
     * @throws varepsilon.base.StoppedException where it was asked to stop; run again, it goes on
     */
    StudyResult run(StudyContext context) throws IOException;
}
