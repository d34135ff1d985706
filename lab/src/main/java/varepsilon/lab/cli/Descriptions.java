package varepsilon.lab.cli;

import java.util.Locale;
import varepsilon.generative.Picture;

/** Help texts that several commands share. */
final class Descriptions {
    static final String PICTURE =
            "How p(x|z) is shown: sample (each pixel drawn), argmax (its most probable value) or mean"
                    + " (default: ${DEFAULT-VALUE}).";

    private Descriptions() {}

    static String name(Picture picture) {
        return picture.name().toLowerCase(Locale.ROOT);
    }
}
