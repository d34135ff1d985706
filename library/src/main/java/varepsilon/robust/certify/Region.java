package varepsilon.robust.certify;

import java.util.Arrays;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.tensor.Tensor;

/**
 * The images that a threat model allows around each of N images: a ball, intersected with the box of pixels.
 *
 * @param x the images, N×C×H×W
 * @param threat the ball and the box
 * @param box bounds of each pixel over all allowed images
 */
record Region(Tensor x, ThreatModel threat, Bounds box) {
    /** Halvings of the interval in which the multiplier of an L2 ball is sought. */
    private static final int HALVINGS = 24;

    static Region of(Tensor x, ThreatModel threat) {
        double epsilon = threat.epsilon();
        Tensor lower = x.sub(epsilon).clamp(threat.box().low(), threat.box().high());
        Tensor upper = x.add(epsilon).clamp(threat.box().low(), threat.box().high());
        // An image outside the box, by rounding, is still one of those allowed.
        return new Region(x, threat, new Bounds(lower.min(x), upper.max(x)));
    }

    /** A box, whatever the values in it are. */
    static Region ofBox(Tensor lower, Tensor upper) {
        Bounds box = new Bounds(lower, upper);
        return new Region(box.center(), ThreatModel.of(Norm.LINF, 0), box);
    }

    /** The same for the images at these indices (INT64). */
    Region at(Tensor indices) {
        return new Region(
                x.indexSelect(0, indices),
                threat,
                new Bounds(box.lower().indexSelect(0, indices), box.upper().indexSelect(0, indices)));
    }

    /**
     * At most the smallest value of linear functions over the region; equal to it but for rounding and, in L2, a search.
     *
     * @param a N×S×C×H×W: S functions for each image
     * @return N×S
     */
    Tensor minimum(Tensor a) {
        if (threat.norm() == Norm.LINF) {
            // ⟨a, x⟩ is smallest at a corner of the box.
            Tensor center = box.center().unsqueeze(1);
            Tensor radius = box.radius().unsqueeze(1);
            return sum(a.mul(center)).sub(sum(a.abs().mul(radius)));
        }
        Tensor low = box.lower().sub(x).unsqueeze(1);
        Tensor high = box.upper().sub(x).unsqueeze(1);
        return sum(a.mul(x.unsqueeze(1)))
                .add(threat.norm() == Norm.L2 ? minimumL2(a, low, high) : minimumL1(a, low, high));
    }

    /**
     * The smallest ⟨a, δ⟩ over ‖δ‖₂ ≤ ε and low ≤ δ ≤ high, from below: for any multiplier λ > 0 it is at least
     * Σᵢ minδᵢ (aᵢδᵢ + λδᵢ²/2) − λε²/2, and the best λ is sought by halving.
     */
    private Tensor minimumL2(Tensor a, Tensor low, Tensor high) {
        double epsilon = threat.epsilon();
        if (epsilon == 0) {
            return sum(a.mul(0));
        }
        Tensor most = multiplier(a.detach(), low, high);
        return dual(a, most, low, high).max(dual(a, most.mul(1e-6), low, high));
    }

    /** That of the ball alone is ‖a‖/ε; the box lets it be smaller. */
    private Tensor multiplier(Tensor a, Tensor low, Tensor high) {
        double epsilon = threat.epsilon();
        Tensor to = sum(a.square()).sqrt().div(epsilon).add(Float.MIN_NORMAL);
        Tensor from = to.mul(1e-6);
        for (int i = 0; i < HALVINGS; i++) {
            Tensor middle = from.mul(to).sqrt();
            Tensor beyond = sum(at(a, middle, low, high).square()).gt(epsilon * epsilon);
            from = middle.where(beyond, from);
            to = to.where(beyond, middle);
        }
        return to;
    }

    private static Tensor at(Tensor a, Tensor lambda, Tensor low, Tensor high) {
        return a.neg().div(spread(lambda, a)).clamp(low, high);
    }

    private Tensor dual(Tensor a, Tensor lambda, Tensor low, Tensor high) {
        Tensor delta = at(a, lambda, low, high);
        double epsilon = threat.epsilon();
        Tensor free = sum(a.mul(delta).add(delta.square().mul(spread(lambda, a).mul(0.5))));
        return free.sub(lambda.mul(epsilon * epsilon / 2));
    }

    /** A number a function, for each of its coefficients. */
    private static Tensor spread(Tensor perFunction, Tensor a) {
        long[] shape = a.shape();
        Arrays.fill(shape, 2, shape.length, 1);
        return perFunction.reshape(shape);
    }

    private Tensor minimumL1(Tensor a, Tensor low, Tensor high) {
        long[] shape = a.shape();
        Tensor rows = a.neg().flatten(0, 1);
        Tensor lows = low.expand(shape).flatten(0, 1);
        Tensor highs = high.expand(shape).flatten(0, 1);
        Tensor delta = threat.norm()
                .maximise(rows.detach(), threat.epsilon(), lows, highs)
                .reshape(shape);
        return sum(a.mul(delta));
    }

    /**
     * Where linear functions are smallest: corners of the box, N×S×C×H×W; null but in L∞.
     *
     * @param a N×S×C×H×W
     */
    Tensor corner(Tensor a) {
        return threat.norm() == Norm.LINF
                ? box.lower().unsqueeze(1).where(a.gt(0), box.upper().unsqueeze(1))
                : null;
    }

    private static Tensor sum(Tensor a) {
        return a.dimensions() > 2 ? a.flatten(2).sum(2) : a;
    }
}
