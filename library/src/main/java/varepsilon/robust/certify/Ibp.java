package varepsilon.robust.certify;

import varepsilon.base.Named;
import varepsilon.base.Watch;
import varepsilon.tensor.Tensor;

/**
 * Interval bounds, propagated forwards (Gowal et al. 2018, "On the effectiveness of interval bound propagation for
 * training verifiably robust models"). The last affine steps and the function are bounded as one.
 */
@Named(value = "ibp", help = "interval bound propagation (Gowal et al. 2018)")
public record Ibp() implements Bound {
    @Override
    public Found bound(Relaxation start, Tensor functions, Watch watch) {
        return new Found(start, start.intervalLower(start.network().last(), functions));
    }
}
