package varepsilon.lab.spec;

/** Everything that decides what a training gives, apart from where the data lies. */
public sealed interface RunSpec permits VaeSpec, ClassifierSpec {
    /** The content of {@code config.yaml}, which gives the same again when it is read. */
    String toYaml();
}
