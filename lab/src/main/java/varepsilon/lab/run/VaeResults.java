package varepsilon.lab.run;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import varepsilon.generative.VaeEvaluation;

/**
 * The results of a training: {@code results.json}.
 *
 * @param run the run directory
 * @param data name of the data set
 * @param latentDim dimensions of z
 * @param parameters trained numbers
 * @param epochs finished passes over the data
 * @param steps optimizer steps
 * @param seconds time spent training, resumed parts included
 * @param bestEpoch the epoch with the lowest validation bits per dimension, from 0 as in {@code metrics.csv}
 * @param validationBpd those
 * @param bpdUnit what they and those of {@code metrics.csv} are counted in, as in {@link VaeEvaluation}
 * @param test the weights of that epoch on the test images
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record VaeResults(
        String run,
        String data,
        int latentDim,
        long parameters,
        int epochs,
        long steps,
        double seconds,
        int bestEpoch,
        double validationBpd,
        String bpdUnit,
        VaeEvaluation test) {}
