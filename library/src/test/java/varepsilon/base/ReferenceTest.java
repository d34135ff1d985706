package varepsilon.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import varepsilon.generative.DecoderChoice;
import varepsilon.generative.Likelihood;
import varepsilon.generative.PosteriorChoice;
import varepsilon.generative.PriorChoice;
import varepsilon.generative.VaeNetwork;
import varepsilon.generative.VaeObjective;
import varepsilon.nn.OptimizerChoice;
import varepsilon.nn.Schedule;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.defense.Defense;

/** Keeps docs/reference.md equal to what attacks, defences and the rest declare of themselves. */
class ReferenceTest {
    private static final Path FILE = Path.of("..", "docs", "reference.md");

    @Test
    void theReferenceSaysWhatIsDeclared() throws IOException {
        String declared = reference();
        Path written = Path.of("target", "reference.md");
        Files.createDirectories(written.getParent());
        Files.writeString(written, declared);

        assertThat(FILE)
                .as("what is declared now is in library/" + written + "; copy it to docs/")
                .content()
                .isEqualTo(declared);
    }

    private static String reference() {
        List<String> text = new ArrayList<>();
        text.add("# What can be chosen by name");
        text.add(
                "Each of these is one file that declares its name, its parameters and their defaults; this page is made from"
                        + " those declarations, and so are the command line's `--list` and `--help`. On the command line and in"
                        + " YAML a name takes its parameters behind it, `pgd:steps=40:restarts=3`.");
        for (Class<?> kind : List.of(
                Attack.class,
                Defense.class,
                OptimizerChoice.class,
                Schedule.class,
                VaeNetwork.class,
                Likelihood.class,
                DecoderChoice.class,
                PriorChoice.class,
                PosteriorChoice.class,
                VaeObjective.class)) {
            Family<?> family = Family.of(kind);
            text.add("## `--" + family.word() + "`: "
                    + kind.getAnnotation(Named.class).help());
            family.members().forEach(member -> text.add(member(member)));
        }
        return String.join("\n\n", text) + "\n";
    }

    private static String member(Family.Member<?> member) {
        StringBuilder text = new StringBuilder("**`" + member.name() + "`**: " + member.help() + ".");
        if (!member.parameters().isEmpty()) {
            text.append("\n\n| parameter | default | what it is | values |\n|---|---|---|---|");
        }
        for (Declared parameter : member.parameters()) {
            text.append("\n| `" + parameter.option() + "` | `" + Declared.text(parameter.usual()) + "` | "
                    + parameter.help() + " | " + parameter.expected().orElse("") + " |");
        }
        return text.toString();
    }
}
