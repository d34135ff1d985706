package varepsilon.robust.certify;

import java.util.ArrayList;
import java.util.List;
import varepsilon.base.Family;
import varepsilon.base.Named;
import varepsilon.base.Watch;
import varepsilon.tensor.Tensor;

/**
 * A method that bounds the logits of a network from below over all images that a threat model allows. A new one is a
 * record in a file of its own, registered as {@link Family} says.
 */
@Named(value = "method", help = "how logits are bounded over all allowed images")
public interface Bound {
    /**
     * What is known afterwards.
     *
     * @param relaxation with the bounds that the method has found of the network's values, for a method that follows
     * @param lower a lower bound of each function, N×S
     * @param candidates allowed images, one for each, N×C×H×W, of which those that differ make a function negative as far as
     *     rounding lets one say; null where the method looks for none
     */
    record Found(Relaxation relaxation, Tensor lower, Tensor candidates) {
        /** Without candidates. */
        public Found(Relaxation relaxation, Tensor lower) {
            this(relaxation, lower, null);
        }
    }

    /**
     * Bounds linear functions of the logits.
     *
     * @param start the network over the allowed images, with bounds that are known already
     * @param functions coefficients, N×S×K: an image's S functions of its K logits
     * @param watch may request a stop, after which the bounds so far are given
     */
    Found bound(Relaxation start, Tensor functions, Watch watch);

    /** Whether it searches, so that it is worth its time only for images that nothing else decides, one after the other. */
    default boolean isSearch() {
        return false;
    }

    /** The same, which ends the search for an image once a function is negative somewhere: others need no bounds then. */
    default Bound untilOneFails() {
        return this;
    }

    /** The methods that are worth trying before one, the cheapest first, and it: an image leaves at the first that decides. */
    static List<Bound> upTo(Bound last) {
        List<Bound> methods = new ArrayList<>();
        for (Bound cheaper : List.of(new Ibp(), new CrownIbp(), new Crown(), new AlphaCrown())) {
            if (cheaper.getClass() == last.getClass()) {
                break;
            }
            methods.add(cheaper);
        }
        methods.add(last);
        return List.copyOf(methods);
    }
}
