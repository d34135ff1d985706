package varepsilon.lab.study;

import java.util.List;
import varepsilon.lab.study.StudyResult.Verdict;

/** The measurements of a study and its conclusion. */
interface Answer {
    /** On the source's claim. */
    Verdict verdict();

    /** The numbers that decided the verdict, in a sentence. */
    String because();

    /** The conclusion from the numbers, in two sentences. */
    String reading();

    /** The numbers behind the reading. */
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
