package varepsilon.lab.spec;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.base.InputException;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.Norm;
import varepsilon.robust.attack.StepSize;
import varepsilon.robust.attack.ThreatModel;

/**
 * An attack and its threat model, as written in configurations and on the command line.
 *
 * @param attack with its parameters; null for none
 * @param norm {@code linf}, {@code l2} or {@code l1}
 * @param eps ε, in pixel units
 */
public record AttackSpec(@Flattened Attack attack, String norm, double eps) {
    /** The name of no attack. */
    public static final String NO_ATTACK = Family.NONE;

    private static final Family<Attack> ATTACKS = Family.of(Attack.class);

    /**
     * Rejects values outside their ranges.
     *
     * @throws InputException whose message begins with the name of the value
     */
    public AttackSpec {
        usualEps(norm); // rejects others
        if (attack != null && !attack.norms().contains(Norm.named(norm))) {
            throw new InputException("norm " + norm + ": " + attack.name() + " has only "
                    + attack.norms().stream().map(Norm::label).collect(Collectors.joining(", ")));
        }
        if (!(eps >= 0) || Double.isInfinite(eps)) {
            throw new InputException("eps " + eps + ": expected a finite number of at least 0, in pixel units");
        }
    }

    /**
     * Parses an attack, with default parameters where none are given: {@code pgd:steps=40}.
     *
     * @throws InputException where there is no such attack or parameter
     */
    public static AttackSpec of(String attack, String norm, double eps) {
        return new AttackSpec(attack.equals(NO_ATTACK) ? null : ATTACKS.parse(attack), norm, eps);
    }

    /** An attack in L∞. */
    public static AttackSpec linf(Attack attack, double eps) {
        return new AttackSpec(attack, "linf", eps);
    }

    /** No attack at all. */
    public static AttackSpec none() {
        return new AttackSpec(null, "linf", 0);
    }

    /** The ε that the literature on CIFAR-10 uses in a norm, in pixel units. */
    public static double usualEps(String norm) {
        return switch (norm) {
            case "linf" -> 8 / 255.0;
            case "l2" -> 0.5;
            case "l1" -> 12;
            case "l0" -> 10;
            default -> throw new InputException("norm " + norm + ": expected linf, l2, l1 or l0");
        };
    }

    /** Whether there is an attack. */
    public boolean present() {
        return attack != null;
    }

    /** The name of the attack, or {@link #NO_ATTACK}. */
    public String name() {
        return present() ? attack.name() : NO_ATTACK;
    }

    /** The value of one of the attack's parameters; empty where it has no such parameter. */
    public Optional<Object> parameter(String name) {
        return Optional.ofNullable(parameters().get(name));
    }

    /** The values of the attack's parameters. */
    public Map<String, Object> parameters() {
        return member().map(member -> member.values(attack)).orElse(Map.of());
    }

    private Optional<Family.Member<Attack>> member() {
        return present() ? ATTACKS.memberOf(attack) : Optional.empty();
    }

    /** The length of the attack's steps, in pixel units, the first of them where they fall; null where it has none. */
    public Double stepLength() {
        return present() && attack.firstStep(eps).isPresent()
                ? attack.firstStep(eps).getAsDouble()
                : null;
    }

    /** Its threat model. */
    public ThreatModel threatModel() {
        return ThreatModel.of(Norm.named(norm), eps);
    }

    /**
     * A short label: {@code pgd-10x3 linf 8/255} takes 10 steps from each of 3 starts. Other parameters are named where
     * they differ from their defaults: {@code pgd-10:loss=margin linf 8/255}.
     */
    public String label() {
        if (!present()) {
            return NO_ATTACK;
        }
        Map<String, Object> values = parameters();
        String steps = values.containsKey("steps") ? "-" + values.get("steps") : "";
        Object restarts = values.getOrDefault("restarts", 1);
        return name() + steps + (restarts.equals(1) ? "" : "x" + restarts) + departures() + " " + norm + " "
                + pixels(eps);
    }

    /** Parameters other than steps and restarts that differ from their defaults, by name. */
    public Map<String, Object> otherDepartures() {
        return member().stream()
                .flatMap(member -> member.departures(attack).entrySet().stream())
                .filter(entry -> !entry.getKey().name().equals("steps")
                        && !entry.getKey().name().equals("restarts"))
                .collect(Collectors.toMap(
                        entry -> entry.getKey().option(), Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
    }

    private String departures() {
        return otherDepartures().entrySet().stream()
                .map(entry -> ":" + entry.getKey() + "=" + inWords(entry.getValue()))
                .collect(Collectors.joining());
    }

    private static String inWords(Object value) {
        return value instanceof StepSize.Pixels step ? pixels(step.length()) : Declared.text(value);
    }

    /** The label as the name of a file. */
    public String fileName() {
        return label().replaceAll("[ /:=]", "-");
    }

    /** The text of a length in pixel units: {@code 8/255} where it is a whole number of grey levels. */
    public static String pixels(double length) {
        double levels = length * 255;
        return levels >= 1 && levels < 255 && Math.abs(levels - Math.rint(levels)) < 1e-9
                ? Math.round(levels) + "/255"
                : String.format(Locale.ROOT, "%.4g", length)
                        .replaceFirst("(\\.\\d*?)0+$", "$1")
                        .replaceFirst("\\.$", "");
    }
}
