package varepsilon.robust.certify;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.Declared;
import varepsilon.base.Named;
import varepsilon.base.Parameter;
import varepsilon.base.Watch;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * CROWN, with the lines below activations chosen by gradient ascent on the bound, for each function on its own (Xu et
 * al. 2021, "Fast and complete: enabling complete neural network verification with rapid and massively parallel
 * incomplete verifiers"). Bounds of the activations' inputs are CROWN's.
 *
 * @param steps of gradient ascent
 * @param stepSize of the first; each is 0.98 times the one before
 */
@Named(value = "alpha-crown", help = "crown, with slopes optimised for each image (Xu et al. 2021)")
public record AlphaCrown(
        @Parameter(value = "steps of gradient ascent on the bound", min = 1)
        int steps,

        @Parameter(value = "length of a step of a slope, which lies in [0, 1]", above = 0)
        double stepSize)
        implements Bound {
    /** Rejects settings outside their ranges. */
    public AlphaCrown {
        Declared.check(AlphaCrown.class, steps, stepSize);
    }

    /** Of 50 steps of 0.1. */
    public AlphaCrown() {
        this(50, 0.1);
    }

    @Override
    public Found bound(Relaxation start, Tensor functions, Watch watch) {
        Found crown = new Crown().bound(start, functions, watch);
        Relaxation relaxation = crown.relaxation();
        Tensor best;
        try (var all = Scope.withGradients()) {
            best = crown.lower().detach().copy();
            Map<Integer, Tensor> choices = choices(relaxation, functions.size(1));
            if (choices.isEmpty()) {
                return crown;
            }
            BoundAscent ascent = new BoundAscent(List.copyOf(choices.values()), stepSize, 1);
            for (int i = 0; i < steps && !watch.stopRequested(); i++) {
                try (var step = Scope.open()) {
                    Tensor lower = relaxation.lower(relaxation.network().last(), functions, choices, Map.of());
                    best = step.keep(best.max(lower.detach()));
                    // Functions that are proven need no more.
                    Tensor open = best.gt(0).not();
                    if (open.to(functions.dtype()).sum().item() == 0) {
                        break;
                    }
                    ascent.step(lower.mul(open.to(functions.dtype())).sum());
                }
            }
            all.keep(best);
        }
        return new Found(relaxation, best);
    }

    /** CROWN's own, for each function, as they are to begin with. */
    static Map<Integer, Tensor> choices(Relaxation relaxation, long functions) {
        Map<Integer, Tensor> choices = new HashMap<>();
        relaxation.activations().forEach((index, step) -> {
            if (step.activation() instanceof LeakyRelu) {
                Bounds of = relaxation.bounds(step.input());
                Tensor taken = of.upper().gt(of.lower().neg()).to(of.lower().dtype());
                choices.put(
                        index,
                        Tensor.concat(1, Collections.nCopies((int) functions, taken.unsqueeze(1)))
                                .detach()
                                .requiresGrad(true));
            }
        });
        return choices;
    }
}
