package varepsilon.examples;

import java.util.List;
import varepsilon.data.Glyphs;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.GradientAttack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.Trial;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Adds an attack. Gradients, norms and random points come from the problem; what it returns is checked by the
 * evaluation.
 */
public final class WriteYourOwnAttack {
    private WriteYourOwnAttack() {}

    /** Steps of one length along the sum of all gradients so far, in any norm. */
    record SummedGradients(int steps) implements GradientAttack {
        @Override
        public AttackLoss loss() {
            return AttackLoss.MARGIN;
        }

        @Override
        public Tensor perturb(Problem problem, Draws draws) {
            Tensor delta = problem.sample(draws);
            Tensor sum = delta.zerosLike();
            for (int step = 0; step < steps; step++) {
                sum = sum.add(problem.slope(delta, loss()).gradient());
                delta = problem.ascend(delta, sum, 2 * problem.threat().epsilon() / steps);
            }
            return delta;
        }
    }

    /** Prints the robust accuracy under noise and under the new attack. */
    public static void main(String[] args) {
        ThreatModel threat = ThreatModel.of(Norm.L2, 1);
        List<Trial> trials =
                List.of(Trial.untargeted(new UniformNoise(), threat), Trial.untargeted(new SummedGradients(5), threat));
        try (Scope scope = Scope.open()) {
            var evaluation = new RobustEvaluation(trials, 100, 42, Device.CPU);
            var report = evaluation.of(AttackLambda.nearestMean(), Glyphs.draw("new", 500, 2));
            report.trials()
                    .forEach(trial -> System.out.println(
                            "robust accuracy " + trial.accuracy().rate() + " under "
                                    + trial.trial().attack().name()));
        }
    }
}
