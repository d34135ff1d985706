package varepsilon.lab.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import varepsilon.base.Declared;
import varepsilon.lab.spec.ClassifierSpec;

/** The options of the training images and their augmentation. */
@Command
final class TrainingImagesOptions {
    private CommandSpec command;
    private DeclaredOptions options;

    @Spec(Spec.Target.MIXEE)
    void addTo(CommandSpec mixee) {
        command = mixee;
        options = new DeclaredOptions(mixee);
        Declared.of(ClassifierSpec.Images.of("any")).stream()
                .filter(parameter -> !parameter.name().equals("limit")) // an option of all commands with images
                .forEach(parameter -> options.add(parameter));
    }

    /** The training images of the options. */
    ClassifierSpec.Images images(String data, int limit) {
        Map<String, Object> chosen = new LinkedHashMap<>(options.given());
        chosen.put("limit", limit);
        return Usage.check(command, () -> Declared.with(ClassifierSpec.Images.of(data), chosen));
    }
}
