package varepsilon.lab.study;

import java.io.IOException;

/** A study of one question of the source, by measurement. Studies have no state. */
public abstract class Study {
    private final String id;
    private final String title;
    private final String question;
    private final String claim;

    /**
     * A study of one question.
     *
     * @param id the question's number: {@code 1.2}, {@code 2.1a}
     * @param title a short title
     * @param question the question
     * @param claim the source's claim, paraphrased
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

    /** A short title. */
    public final String title() {
        return title;
    }

    /** The question. */
    public final String question() {
        return question;
    }

    /** The source's claim, paraphrased. */
    public final String claim() {
        return claim;
    }

    /**
     * Measures.
     *
     * @throws varepsilon.base.StoppedException where a stop is requested; another run resumes it
     */
    public abstract StudyResult run(StudyContext context) throws IOException;
}
