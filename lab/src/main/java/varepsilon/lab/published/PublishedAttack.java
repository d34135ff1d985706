package varepsilon.lab.published;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import varepsilon.base.InputException;
import varepsilon.classify.Normalisation;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Attack;
import varepsilon.robust.attack.AttackLoss;
import varepsilon.robust.attack.Draws;
import varepsilon.robust.attack.Problem;
import varepsilon.robust.attack.StepSize;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * FGSM and PGD as the published experiment ran them, defect by defect. It attacked images after normalisation; here the
 * same is done to pixels: a length of ε there is ε·std of the channel here, and the clamp to [0, 1] there is one to
 * [mean, mean + std] of the channel here. The result is inside the box of pixel values, not inside the threat model:
 * the clamp may change a pixel by more than ε. Without defects it is FGSM, or PGD from the image itself.
 *
 * @param steps gradients an example: 1 with a step of at least ε is FGSM
 * @param epsilon by channel, in pixel units
 * @param stepSize by channel, in pixel units
 * @param low smallest value of a channel
 * @param high largest value of a channel
 * @param loss the loss that is maximised
 */
record PublishedAttack(
        int steps, List<Double> epsilon, List<Double> stepSize, List<Double> low, List<Double> high, AttackLoss loss)
        implements Attack {
    /** Minus the logit of the class: a log-likelihood loss that got logits by mistake. */
    static final AttackLoss NEGATIVE_LOGIT = (logits, classes) ->
            logits.gather(1, classes.unsqueeze(1)).squeeze(1).neg();

    /** Whether an attack with these defects differs from the library's. */
    static boolean isMeantBy(Collection<String> defects) {
        return defects.contains(Defect.CLAMP_NORMALISED.label())
                || defects.contains(Defect.LOGIT_LOSS.label())
                || defects.contains(Defect.NORMALISED_UNITS.label());
    }

    /**
     * The attack with these defects.
     *
     * @param settings {@code fgsm} or {@code pgd}; ε and step are in pixel units or, with that defect, in normalised
     *     ones
     * @param normalisation of the classifier that is attacked
     */
    static PublishedAttack of(AttackSpec settings, Collection<String> defects, Normalisation normalisation) {
        boolean fgsm = settings.name().equals("fgsm");
        if (!(fgsm || settings.name().equals("pgd")) || !settings.norm().equals("linf")) {
            throw new InputException(
                    "defects of the published experiment with " + settings.label() + ": expected fgsm or pgd, in linf");
        }
        boolean normalised = defects.contains(Defect.NORMALISED_UNITS.label());
        boolean clamp = defects.contains(Defect.CLAMP_NORMALISED.label());
        double step = fgsm ? settings.eps() : constantStep(settings);
        if (!(step > 0 || settings.eps() == 0)) {
            throw new InputException("defects of the published experiment with " + settings.label()
                    + " without a stepSize: expected a positive one, for its steps have one length");
        }
        List<Double> std = normalisation.std();
        return new PublishedAttack(
                        fgsm ? 1 : (int) settings.parameter("steps").orElseThrow(),
                        inPixels(settings.eps(), std, normalised),
                        inPixels(step, std, normalised),
                        std.stream().map(unused -> 0.0).toList(),
                        std.stream().map(unused -> 1.0).toList(),
                        defects.contains(Defect.LOGIT_LOSS.label()) ? NEGATIVE_LOGIT : AttackLoss.CROSS_ENTROPY)
                .clamped(clamp, normalisation);
    }

    /** The one length of all steps; 0 where they have none. */
    private static double constantStep(AttackSpec settings) {
        return settings.parameter("stepSize").orElseThrow() instanceof StepSize.Pixels step ? step.length() : 0;
    }

    /** The clamp alone, without any attack: N×C×H×W to the same. */
    static Tensor clampedOnly(Tensor pixels, Normalisation normalisation) {
        PublishedAttack clamp =
                new PublishedAttack(0, List.of(), List.of(), List.of(), List.of(), null).clamped(true, normalisation);
        return pixels.clamp(channels(clamp.low, pixels), channels(clamp.high, pixels));
    }

    private PublishedAttack clamped(boolean clamp, Normalisation normalisation) {
        if (!clamp) {
            return this;
        }
        List<Double> mean = normalisation.mean();
        List<Double> top = new ArrayList<>();
        for (int c = 0; c < mean.size(); c++) {
            top.add(mean.get(c) + normalisation.std().get(c));
        }
        return new PublishedAttack(steps, epsilon, stepSize, mean, top, loss);
    }

    private static List<Double> inPixels(double length, List<Double> std, boolean normalised) {
        return std.stream().map(s -> normalised ? length * s : length).toList();
    }

    @Override
    public String name() {
        return "published-" + (steps == 1 ? "fgsm" : "pgd");
    }

    @Override
    public Tensor perturb(Problem problem, Draws draws) {
        Tensor pixels = problem.pixels();
        Tensor eps = channels(epsilon, pixels);
        Tensor step = channels(stepSize, pixels);
        Tensor bottom = channels(low, pixels);
        Tensor top = channels(high, pixels);
        Tensor delta = pixels.zerosLike();
        for (int i = 0; i < steps; i++) {
            try (var scope = Scope.withoutGradients()) {
                Tensor moved =
                        delta.add(problem.slope(delta, loss).gradient().sign().mul(step));
                Tensor near = moved.clamp(eps.neg(), eps);
                delta = scope.keep(pixels.add(near).clamp(bottom, top).sub(pixels));
            }
        }
        return delta;
    }

    /** One value a channel, to be broadcast over the images. */
    private static Tensor channels(List<Double> values, Tensor pixels) {
        double[] each = values.stream().mapToDouble(Double::doubleValue).toArray();
        return Tensor.of(each, 1, each.length, 1, 1).to(pixels.dtype()).to(pixels.device());
    }
}
