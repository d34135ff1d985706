package varepsilon.lab.study;

import java.util.List;
import varepsilon.base.InputException;

/** All studies, in the order of the questions. */
public final class Studies {
    private Studies() {}

    /** All of them. */
    public static List<Study> all() {
        return List.of(
                new SamplingStudy(),
                new PriorIntegrationStudy(),
                new LowerBoundStudy(),
                new PosteriorApproachStudy(),
                new TwoTermsStudy(),
                new DivergenceStudy(),
                new GradientStudy(),
                new CurvesStudy(),
                new SamplesStudy(),
                new ManifoldStudy(),
                new NoiseAgainstGradientStudy(),
                new TransferStudy(),
                new AugmentationStudy(),
                new TradeOffStudy(),
                new LossAgainstBatchStudy(),
                new StrengthAgainstCostStudy());
    }

    /**
     * The study of a question.
     *
     * @throws InputException where there is none
     */
    public static Study named(String id) {
        return all().stream()
                .filter(study -> study.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new InputException("study " + id + ": expected one of "
                        + String.join(", ", all().stream().map(Study::id).toList())));
    }
}
