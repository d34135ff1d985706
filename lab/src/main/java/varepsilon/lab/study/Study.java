package varepsilon.lab.study;

import java.io.IOException;

/** One question of the source, asked by measurement. Studies have no state. */
public abstract class Study {
    private final String id;
    private final String title;
    private final String question;
    private final String claim;

    /**
     * A study of one question.
     *
     * @param id the question's number: {@code 1.2}, {@code 2.1a}
     * @param title what it is about, in a few words
     * @param question what is asked
     * @param claim what the source says, in our words
     */
    Study(String id, String title, String question, String claim) {
        this.id = id;
        this.title = title;
        this.question = question;
        this.claim = claim;
    }

    /** The question's number: {@code 1.2}, {@code 2.1a}. */
    public final String id() {
        return id;
    }

    /** What it is about, in a few words. */
    public final String title() {
        return title;
    }

    /** What is asked. */
    public final String question() {
        return question;
    }

    /** What the source says, in our words. */
    public final String claim() {
        return claim;
    }

    /**
     * Measures.
     *
     * @throws varepsilon.base.StoppedException where it was asked to stop; run again, it goes on
     */
    public abstract StudyResult run(StudyContext context) throws IOException;
}
