package varepsilon.lab.published;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import varepsilon.lab.experiment.Experiment;
import varepsilon.lab.experiment.ExperimentFile;
import varepsilon.lab.experiment.ExperimentKind;
import varepsilon.lab.experiment.Workplace;

/** The published robustness experiment, as a file describes it. */
public final class RobustnessKind implements ExperimentKind {
    @Override
    public String name() {
        return "robustness";
    }

    @Override
    public List<String> shipped() {
        return List.of("robustness-2.1", "robustness-2.3");
    }

    @Override
    public Record defaults(JsonNode given) {
        return RobustnessSettings.usual(given.path("question").asText("2.1"));
    }

    @Override
    public Experiment in(Workplace workplace, ExperimentFile file) {
        return new RobustnessExperiment(file.settings(RobustnessSettings.class), workplace);
    }
}
