package varepsilon.lab.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import varepsilon.lab.evaluate.AttackOutcome;

/**
 * The results of a training: {@code results.json}.
 *
 * @param run the run directory
 * @param data name of the data set
 * @param architecture of the network
 * @param defense the defence
 * @param parameters trained numbers
 * @param epochs finished passes over the data
 * @param steps optimizer steps
 * @param seconds time spent training, resumed parts and validation included
 * @param forwardPasses images sent through the network in training, attacks included
 * @param backwardPasses images whose gradients were computed in training, attacks included
 * @param stopped the reason where training ended before its last epoch, else null
 * @param bestEpoch the best epoch on held-out images, from 0 as in {@code metrics.csv}
 * @param validationAccuracy its accuracy on those
 * @param validationRobustAccuracy the same under the check's attack, null where there is none
 * @param test the weights of that epoch on the test images
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ClassifierResults(
        String run,
        String data,
        String architecture,
        String defense,
        long parameters,
        int epochs,
        long steps,
        double seconds,
        long forwardPasses,
        long backwardPasses,
        String stopped,
        int bestEpoch,
        double validationAccuracy,
        Double validationRobustAccuracy,
        Test test) {
    /**
     * Accuracy on the test images.
     *
     * @param n images
     * @param correct how many are correctly classified
     * @param accuracy share
     * @param ci95 Wilson 95 % interval of it
     * @param attack the same under the check's attack, null where there is none
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Test(int n, int correct, double accuracy, List<Double> ci95, AttackOutcome attack) {}
}
