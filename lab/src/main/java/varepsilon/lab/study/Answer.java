package varepsilon.lab.study;

import java.util.List;
import varepsilon.lab.study.StudyResult.Verdict;

/** What a study measured, and what follows from it. */
interface Answer {
    /** On the source's claim. */
    Verdict verdict();

    /** What of the numbers decided the verdict, in a sentence. */
    String because();

    /** What follows from the numbers, in two sentences. */
    String reading();

    /** The figures that the reading rests on. */
    Numbers numbers();

    /** The study's result with what it shows. */
    default StudyResult with(List<? extends Exhibit> exhibits) {
        return new StudyResult(
                List.copyOf(exhibits),
                reading(),
                verdict(),
                because(),
                numbers().toMap());
    }
}
