package varepsilon.robust.certify;

import java.util.Map;
import varepsilon.base.Named;
import varepsilon.base.Watch;
import varepsilon.tensor.Tensor;

/**
 * Linear bounds, propagated backwards once, between bounds of the activations' inputs by intervals (Zhang et al. 2020,
 * "Towards stable and efficient training of verifiably robust neural networks").
 */
@Named(value = "crown-ibp", help = "linear bounds over interval bounds of the activations (Zhang et al. 2020)")
public record CrownIbp() implements Bound {
    @Override
    public Found bound(Relaxation start, Tensor functions, Watch watch) {
        int last = start.network().last();
        Tensor linear = start.lower(last, functions, Map.of(), Map.of());
        return new Found(start, linear.max(start.intervalLower(last, functions)));
    }
}
