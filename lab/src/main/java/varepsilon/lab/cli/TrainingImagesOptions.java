package varepsilon.lab.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import varepsilon.base.Declared;
import varepsilon.lab.spec.ClassifierSpec;

/** Which training images a classifier is trained on, and how they are changed. */
@Command
final class TrainingImagesOptions {
    private CommandSpec command;
    private DeclaredOptions options;

    @Spec(Spec.Target.MIXEE)
    void addTo(CommandSpec mixee) {
        command = mixee;
        options = new DeclaredOptions(mixee);
        Declared.of(ClassifierSpec.Images.of("any")).stream()
                .filter(parameter -> !parameter.name().equals("limit")) // an option of all commands that read images
                .forEach(parameter -> options.add(parameter));
    }

    /** As the options say. */
    ClassifierSpec.Images images(String data, int limit) {
        Map<String, Object> chosen = new LinkedHashMap<>(options.given());
        chosen.put("limit", limit);
        return Usage.check(command, () -> Declared.with(ClassifierSpec.Images.of(data), chosen));
    }
}
