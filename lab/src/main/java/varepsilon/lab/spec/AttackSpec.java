package varepsilon.lab.spec;

import java.util.List;
import java.util.Locale;
import varepsilon.base.InputException;
import varepsilon.base.Names;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Fgsm;
import varepsilon.robust.attack.MiFgsm;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.RandomStartFgsm;
import varepsilon.robust.attack.SignNoise;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.attack.UniformNoise;

/**
 * An attack and what it may do, in the words and numbers of configurations and flags. Of the settings, each attack uses
 * those that it has.
 *
 * @param attack one of {@link #NAMES}, or {@code none}
 * @param norm {@code linf}, {@code l2} or {@code l1}
 * @param eps ε, in pixel units
 * @param steps gradients an example and restart: of {@code pgd} and {@code mi-fgsm}
 * @param stepSize in pixel units; 0 for the attack's own: falling from 2 ε in {@code pgd}, 1.25 ε in {@code fgsm-rs}
 * @param restarts of {@code pgd}; each example keeps its worst
 * @param randomStart whether {@code pgd} begins at a random point of the ball
 * @param momentum share of the summed gradients that a step of {@code pgd} or {@code mi-fgsm} keeps
 * @param loss one of {@link #LOSSES}: what the attack raises
 */
public record AttackSpec(
        String attack,
        String norm,
        double eps,
        int steps,
        double stepSize,
        int restarts,
        boolean randomStart,
        double momentum,
        String loss) {
    /** The attacks. */
    public static final List<String> NAMES =
            List.of("fgsm", "fgsm-rs", "pgd", "mi-fgsm", "uniform-noise", "sign-noise");
    /**
     * What an attack may raise: the cross-entropy as everybody computes it; the same in double precision, which finds more
     * where a model is sure; the margin of the best other class.
     */
    public static final List<String> LOSSES = List.of("cross-entropy", "exact-cross-entropy", "margin");
    /** The name of no attack. */
    public static final String NO_ATTACK = "none";

    private static final List<String> NORMS = List.of("linf", "l2", "l1");
    private static final int USUAL_STEPS = 10;

    /**
     * Refuses values that make no sense.
     *
     * @throws InputException whose message begins with the name of the value
     */
    public AttackSpec {
        if (!attack.equals(NO_ATTACK) && !NAMES.contains(attack)) {
            throw new InputException("unknown attack '" + attack + "'; did you mean '" + nearest(attack)
                    + "'? There are: " + String.join(", ", NAMES));
        }
        require(NORMS.contains(norm), "norm", norm, "linf, l2 or l1");
        require(eps >= 0 && Double.isFinite(eps), "eps", eps, "a finite number of at least 0, in pixel units");
        require(steps >= 1, "steps", steps, "at least 1");
        require(stepSize >= 0 && Double.isFinite(stepSize), "stepSize", stepSize, "a positive number, in pixel units");
        require(restarts >= 1, "restarts", restarts, "at least 1");
        require(
                restarts == 1 || randomStart,
                "restarts",
                restarts,
                "1 without a random start, or all would be the same");
        require(momentum >= 0 && Double.isFinite(momentum), "momentum", momentum, "a number of at least 0");
        require(LOSSES.contains(loss), "loss", loss, String.join(", ", LOSSES));
    }

    /** An attack with its usual settings. */
    public static AttackSpec usual(String attack, String norm, double eps) {
        return new AttackSpec(attack, norm, eps, USUAL_STEPS, 0, 1, true, usualMomentum(attack), "cross-entropy");
    }

    /** No attack at all. */
    public static AttackSpec none() {
        return usual(NO_ATTACK, "linf", 0);
    }

    /** What a share of the summed gradients an attack keeps where nobody says. */
    public static double usualMomentum(String attack) {
        return attack.equals("mi-fgsm") ? 1 : 0;
    }

    /** The ε that the literature on CIFAR-10 uses in a norm, in pixel units. */
    public static double usualEps(String norm) {
        return switch (norm) {
            case "linf" -> 8 / 255.0;
            case "l2" -> 0.5;
            case "l1" -> 12;
            default -> throw new InputException("norm " + norm + ": expected linf, l2 or l1");
        };
    }

    /** The same with another ε. */
    public AttackSpec withEps(double other) {
        return new AttackSpec(attack, norm, other, steps, stepSize, restarts, randomStart, momentum, loss);
    }

    /** The same with another number of steps. */
    public AttackSpec withSteps(int other) {
        return new AttackSpec(attack, norm, eps, other, stepSize, restarts, randomStart, momentum, loss);
    }

    /** The same with another step, in pixel units; 0 for the attack's own. */
    public AttackSpec withStepSize(double other) {
        return new AttackSpec(attack, norm, eps, steps, other, restarts, randomStart, momentum, loss);
    }

    /** Whether there is an attack. */
    public boolean present() {
        return !attack.equals(NO_ATTACK);
    }

    /** Whether this attack uses that setting. */
    public boolean uses(String setting) {
        return switch (setting) {
            case "steps", "momentum" -> attack.equals("pgd") || attack.equals("mi-fgsm");
            case "stepSize" -> attack.equals("pgd") || attack.equals("fgsm-rs");
            case "restarts", "randomStart" -> attack.equals("pgd");
            case "loss" -> present() && !attack.endsWith("noise");
            default -> throw new IllegalArgumentException("no setting of attacks: " + setting);
        };
    }

    /** The attack itself. */
    public Attack toAttack() {
        AttackLoss raised = toLoss();
        return switch (attack) {
            case "fgsm" -> new Fgsm(raised);
            case "fgsm-rs" -> new RandomStartFgsm(stepOr(StepSize.relative(1.25)), raised);
            case "pgd" -> new Pgd(steps, stepOr(StepSize.falling(2)), restarts, randomStart, momentum, raised);
            case "mi-fgsm" -> new MiFgsm(steps, momentum, raised);
            case "uniform-noise" -> new UniformNoise();
            case "sign-noise" -> new SignNoise();
            default -> throw new IllegalStateException("there is no attack");
        };
    }

    /** What it raises. */
    public AttackLoss toLoss() {
        return switch (loss) {
            case "exact-cross-entropy" -> AttackLoss.EXACT_CROSS_ENTROPY;
            case "margin" -> AttackLoss.MARGIN;
            default -> AttackLoss.CROSS_ENTROPY;
        };
    }

    private StepSize stepOr(StepSize usual) {
        return stepSize > 0 ? StepSize.pixels(stepSize) : usual;
    }

    /** The length of its steps, in pixel units, the first of them where they fall; null where it has none. */
    public Double stepLength() {
        return switch (attack) {
            case "fgsm-rs" -> stepOr(StepSize.relative(1.25)).of(eps, 0, 1);
            case "pgd" -> stepOr(StepSize.falling(2)).of(eps, 0, steps);
            case "mi-fgsm" -> eps / steps;
            default -> null;
        };
    }

    /** What it may do. */
    public ThreatModel toThreatModel() {
        return ThreatModel.of(Norm.named(norm), eps);
    }

    /** In a few words: {@code pgd-10x3 linf 8/255} takes 10 steps from each of 3 starts. */
    public String label() {
        if (!present()) {
            return NO_ATTACK;
        }
        String name = uses("steps") ? attack + "-" + steps : attack;
        return name + (uses("restarts") && restarts > 1 ? "x" + restarts : "") + " " + norm + " " + pixels(eps);
    }

    /** The label as the name of a file. */
    public String fileName() {
        return label().replaceAll("[ /]", "-");
    }

    /** A length in pixel units as people write it: {@code 8/255} where it is a whole number of grey levels. */
    public static String pixels(double length) {
        double levels = length * 255;
        return levels >= 1 && levels < 255 && Math.abs(levels - Math.rint(levels)) < 1e-9
                ? Math.round(levels) + "/255"
                : String.format(Locale.ROOT, "%.4g", length)
                        .replaceFirst("(\\.\\d*?)0+$", "$1")
                        .replaceFirst("\\.$", "");
    }

    private static String nearest(String asked) {
        return Names.nearest(asked, NAMES);
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new InputException(name + " " + value + ": expected " + expected);
        }
    }
}
