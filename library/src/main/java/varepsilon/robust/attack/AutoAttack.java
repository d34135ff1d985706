package varepsilon.robust.attack;

import java.util.List;
import java.util.Optional;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;

/**
 * The ensemble that the literature reports (Croce, Hein 2020), with its settings in each norm. Images leave at the step
 * at which they are misclassified.
 *
 * @param version {@code standard}; {@code plus}, which has more attacks and restarts; {@code rand}, for random models,
 *     with gradients averaged over 20 passes
 */
@Named(value = "autoattack", help = "the standard ensemble of four attacks, one after the other (Croce, Hein 2020)")
public record AutoAttack(
        @Parameter(
                value = "standard; plus (more attacks and restarts); rand (for random models)",
                oneOf = {"standard", "plus", "rand"})
        String version)
        implements StagedAttack {
    /** Rejects other versions. */
    public AutoAttack {
        Declared.check(AutoAttack.class, version);
    }

    /** The standard version. */
    public AutoAttack() {
        this("standard");
    }

    @Override
    public List<Norm> norms() {
        return List.of(Norm.LINF, Norm.L2, Norm.L1);
    }

    @Override
    public Schedule schedule(Norm norm, int images) {
        List<Stage> stages = stages(norm);
        return done -> done.size() < stages.size() ? Optional.of(stages.get(done.size())) : Optional.empty();
    }

    private List<Stage> stages(Norm norm) {
        boolean sparse = norm == Norm.L1;
        Apgd apgd = new Apgd();
        Apgd dlr = apgd.withLoss(AttackLoss.DLR);
        Stage targeted = new Stage("apgd-t", dlr.withTargets(sparse ? 5 : 9));
        return List.of(new Stage("apgd-ce", apgd.withRestarts(sparse ? 5 : 1)), targeted);
    }
}
