package varepsilon.lab.spec;

/** The complete configuration of a training, apart from the data folder. */
public sealed interface RunSpec permits VaeSpec, ClassifierSpec {
    /** The name of the data set. */
    String data();

    /** Passes over the training images. */
    int epochs();

    /** Decides everything that is random. */
    long seed();

    /** Threads of one operation. */
    int threads();

    /** The content of {@code config.yaml}, which gives the same again when it is read. */
    String toYaml();
}
