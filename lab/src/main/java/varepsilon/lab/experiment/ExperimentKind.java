package varepsilon.lab.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import varepsilon.base.InputException;

/** A kind of experiment: the keys of a file that names it under {@code kind}, and the experiment made from them. */
public interface ExperimentKind {
    /** What stands under {@code kind}. */
    String name();

    /** Files of this kind that come with the program, without their ending, in the package of this class. */
    List<String> shipped();

    /** Every setting, those that a file leaves out by their defaults. */
    Record defaults(JsonNode given);

    /** Keys of a file beside {@code kind}, {@code title}, {@code settings} and {@code presets}. */
    default List<String> keys() {
        return List.of();
    }

    /**
     * What one of {@link #keys} holds where a file leaves it out.
     *
     * @param settings all of them
     */
    default JsonNode byDefault(String key, ObjectNode settings) {
        throw new IllegalArgumentException("there is no key " + key);
    }

    /**
     * The experiment in a workplace.
     *
     * @throws InputException where something in the file cannot be used
     */
    Experiment in(Workplace workplace, ExperimentFile file);
}
