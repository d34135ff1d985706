package varepsilon.lab.evaluate;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.ArrayList;
import java.util.List;
import varepsilon.robust.attack.StageResult;

/**
 * The result of one stage of an attack that has several.
 *
 * @param name of the stage
 * @param left images that no stage before it broke
 * @param tried of these, those that it was run on
 * @param broken of these, those that it broke
 * @param robustCorrect correctly classified before and after all stages up to this
 * @param forwardPasses images sent through the classifier
 * @param backwardPasses images for which a gradient was computed
 * @param seconds time
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record StageOutcome(
        String name,
        int left,
        int tried,
        int broken,
        int robustCorrect,
        long forwardPasses,
        long backwardPasses,
        double seconds) {
    /** @param robustCorrect after the last stage */
    static List<StageOutcome> of(List<StageResult> stages, int robustCorrect) {
        List<StageOutcome> outcomes = new ArrayList<>();
        int later = stages.stream().mapToInt(StageResult::broken).sum();
        for (StageResult stage : stages) {
            later -= stage.broken();
            outcomes.add(new StageOutcome(
                    stage.stage().name(),
                    stage.left(),
                    stage.tried(),
                    stage.broken(),
                    robustCorrect + later,
                    stage.forwardPasses(),
                    stage.backwardPasses(),
                    stage.seconds()));
        }
        return outcomes;
    }
}
