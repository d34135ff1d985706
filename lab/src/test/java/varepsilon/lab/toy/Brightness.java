package varepsilon.lab.toy;

import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Problem;
import varepsilon.tensor.Tensor;

/**
 * An attack that the product does not have: every pixel is raised by the same share of ε.
 *
 * @param share of ε, from −1 to 1
 */
@Named(value = "brightness", help = "raises every pixel by the same amount")
public record Brightness(
        @Parameter(value = "share of eps that a pixel is raised by", min = -1, max = 1)
        double share) implements Attack {
    public Brightness {
        Declared.check(Brightness.class, share);
    }

    public Brightness() {
        this(1);
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        Tensor none = problem.pixels().zerosLike();
        return problem.project(none.add(share * problem.threat().epsilon()));
    }
}
