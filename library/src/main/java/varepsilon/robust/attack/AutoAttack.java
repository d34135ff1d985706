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
    private static final int TARGETS = 9;
    private static final int RANDOM_PASSES = 20;

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
    public int leastClasses() {
        return stages(Norm.LINF).stream()
                .mapToInt(stage -> stage.attack().leastClasses())
                .max()
                .orElseThrow();
    }

    @Override
    public Schedule schedule(Norm norm) {
        List<Stage> stages = stages(norm);
        return new Schedule() {
            @Override
            public Optional<Stage> next(List<StageResult> done) {
                return done.size() < stages.size() ? Optional.of(stages.get(done.size())) : Optional.empty();
            }

            @Override
            public List<String> untested(List<StageResult> done) {
                return stages.subList(done.size(), stages.size()).stream()
                        .map(Stage::name)
                        .toList();
            }
        };
    }

    private List<Stage> stages(Norm norm) {
        boolean sparse = norm == Norm.L1;
        Apgd apgd = new Apgd();
        Apgd dlr = apgd.withLoss(AttackLoss.DLR);
        if (version.equals("rand")) {
            return List.of(
                    new Stage("apgd-ce", Eot.of(apgd, RANDOM_PASSES)),
                    new Stage("apgd-dlr", Eot.of(dlr, RANDOM_PASSES)));
        }
        boolean plus = version.equals("plus");
        int restarts = plus || sparse ? 5 : 1;
        Stage ce = new Stage("apgd-ce", apgd.withRestarts(restarts));
        Stage targeted = new Stage("apgd-t", dlr.withTargets(sparse && !plus ? 5 : TARGETS));
        Stage boundary = new Stage("fab-t", FastAdaptiveBoundary.of(100, 1, TARGETS));
        Stage square = new Stage("square", new Square());
        return plus
                ? List.of(
                        ce,
                        new Stage("apgd-dlr", dlr.withRestarts(restarts)),
                        new Stage("fab", FastAdaptiveBoundary.of(100, restarts, 0)),
                        square,
                        targeted,
                        boundary)
                : List.of(ce, targeted, boundary, square);
    }
}
