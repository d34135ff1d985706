package varepsilon.robust.attack;

import java.util.BitSet;

/**
 * What was seen of the examples of a batch while they were attacked, by position in it.
 *
 * @param withoutGradient where a gradient was not finite; zero was used instead
 * @param withoutLogits where logits were not finite; the example counted as far from the criterion there
 * @param met where a perturbation inside the threat model met the criterion
 */
record Seen(BitSet withoutGradient, BitSet withoutLogits, BitSet met) {
    Seen() {
        this(new BitSet(), new BitSet(), new BitSet());
    }
}
