package varepsilon.lab.evaluate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.classify.Classifier;
import varepsilon.classify.ClassifierFile;
import varepsilon.data.ImageSet;
import varepsilon.lab.spec.AttackGoal;
import varepsilon.lab.spec.AttackSpec;
import varepsilon.robust.attack.Pgd;
import varepsilon.robust.attack.ThreatModel;
import varepsilon.robust.certify.Bound;
import varepsilon.robust.evaluate.AttackedBatch;
import varepsilon.robust.evaluate.Check;
import varepsilon.robust.evaluate.FailureChecks;
import varepsilon.robust.evaluate.RobustEvaluation;
import varepsilon.robust.evaluate.RobustnessReport;
import varepsilon.robust.evaluate.TransferMatrix;
import varepsilon.robust.evaluate.Trial;
import varepsilon.robust.evaluate.TrialReport;
import varepsilon.robust.evaluate.TwoSidedEvaluation;
import varepsilon.robust.evaluate.TwoSidedReport;
import varepsilon.stats.Accuracy;
import varepsilon.tensor.Device;

/**
 * Attacks on one classifier and the same images, and on request on another for comparison, or on several to measure
 * transfer.
 *
 * @param attacks at least one, no two the same
 * @param goal their goal
 * @param batchSize images at once
 * @param seed of random starts and noise
 * @param device of the classifiers
 */
public record AttackSuite(List<AttackSpec> attacks, AttackGoal goal, int batchSize, long seed, Device device) {
    /** Of the attack before the bounds of images that no attack broke, and on those that are certified. */
    private static final int CHEAP_STEPS = 20;

    private static final int BOUNDED_AT_ONCE = 4;

    /** Rejects no attacks, and the same twice. */
    public AttackSuite {
        attacks = List.copyOf(attacks);
        if (attacks.isEmpty()) {
            throw new InputException("no attack: expected at least one");
        }
        Set<AttackSpec> found = new LinkedHashSet<>();
        for (AttackSpec attack : attacks) {
            if (!found.add(attack)) {
                throw new InputException("attack " + attack.label() + " is named twice");
            }
        }
        if (batchSize < 1) {
            throw new InputException("batchSize " + batchSize + ": expected at least 1");
        }
    }

    /**
     * Further measurements and outputs.
     *
     * @param compareTo a classifier to be attacked in the same way; null for none
     * @param transferTo classifiers among which adversarial examples are exchanged; then there is one attack
     * @param files where pictures and examples go; null for none
     * @param bounds by which images that no attack breaks are certified, in order; empty for none
     */
    public record Extras(
            ClassifierFile compareTo, List<ClassifierFile> transferTo, AttackFiles files, List<Bound> bounds) {
        /** Copies the lists. */
        public Extras {
            transferTo = List.copyOf(transferTo);
            bounds = List.copyOf(bounds);
        }

        /** Certifies nothing. */
        public Extras(ClassifierFile compareTo, List<ClassifierFile> transferTo, AttackFiles files) {
            this(compareTo, transferTo, files, List.of());
        }

        private List<ClassifierFile> others() {
            List<ClassifierFile> others = new ArrayList<>(transferTo);
            if (compareTo != null) {
                others.add(compareTo);
            }
            return others;
        }
    }

    /**
     * Attacks. Where a stop is requested, the report is of what was done until then, and says so.
     *
     * @param images with labels
     * @param watch receives the progress
     * @throws StoppedException where a stop is requested before any image is done
     * @throws InputException where a classifier does not fit the images, or does not return logits
     */
    public AttackReport of(ClassifierFile model, ImageSet images, Extras extras, Watch watch) {
        ClassifierReport.requireLabels(images);
        requireOtherThanTarget(images);
        requireFits(model, images, extras);
        if (!extras.bounds().isEmpty()) {
            TwoSidedEvaluation.requireBounded(model.classifier(), images);
        }
        RobustEvaluation evaluation = evaluation();
        Optional<Attacked> attacked;
        List<AttackReport.Saved> saved = null;
        IOException unwritten = null;
        if (extras.files() == null) {
            attacked = attacked(model, images, List.of(), watch);
        } else {
            try (AttackFiles.Listeners listeners =
                    extras.files().listeners(this, evaluation, model.classifier(), images)) {
                attacked = attacked(model, images, listeners.all(), watch);
                if (attacked.isPresent()) {
                    try {
                        saved = listeners.write(title(model, images));
                    } catch (IOException e) {
                        unwritten = e; // A disk that is full must not take the result with it.
                    }
                }
            }
        }
        Attacked own = attacked.orElseThrow(StoppedException::new);
        Attacked other = extras.compareTo() == null || watch.stopRequested()
                ? null
                : attacked(extras.compareTo(), images, List.of(), watch.as("attacking the other"))
                        .filter(whole -> !watch.stopRequested()) // A part of a comparison compares nothing.
                        .orElse(null);
        if (extras.files() != null && unwritten == null) {
            try {
                extras.files().writeCurves(own, other);
            } catch (IOException e) {
                unwritten = e;
            }
        }
        TransferMatrix transfer = extras.transferTo().isEmpty() || watch.stopRequested()
                ? null
                : transfer(model, images, extras.transferTo(), watch).orElse(null);
        List<CertificationReport.Summary> certified =
                extras.bounds().isEmpty() ? null : certified(model, images, own.report(), extras.bounds(), watch);
        boolean complete = own.report().complete() && !watch.stopRequested();
        Set<String> notes = new LinkedHashSet<>();
        if (!complete) {
            notes.add("stopped, with " + own.report().n() + " of " + images.size()
                    + " images attacked: the numbers are of these, and what had not been done is missing.");
        }
        notes.addAll(model.notesOn(images));
        notes.addAll(own.report().notes());
        extras.others().forEach(file -> notes.addAll(file.notesOn(images)));
        return report(
                own,
                images,
                complete,
                other == null ? null : comparison(own, other),
                transfer,
                List.copyOf(notes),
                saved,
                certified,
                unwritten);
    }

    /** Of each threat model, the smallest first within a norm, what bounds prove of the images that no attack breaks. */
    private List<CertificationReport.Summary> certified(
            ClassifierFile model, ImageSet images, RobustnessReport report, List<Bound> bounds, Watch watch) {
        List<CertificationReport.Summary> certified = new ArrayList<>();
        List<ThreatModel> threats = attacks.stream()
                .map(AttackSpec::threatModel)
                .distinct()
                .sorted(Comparator.comparing(
                                (ThreatModel threat) -> threat.norm().label())
                        .thenComparing(ThreatModel::epsilon))
                .toList();
        for (ThreatModel threat : threats) {
            if (watch.stopRequested() || !report.complete()) {
                break;
            }
            TwoSidedReport found = new TwoSidedEvaluation(
                            threat, Pgd.ofSteps(CHEAP_STEPS), bounds, null, BOUNDED_AT_ONCE, seed, device)
                    .of(model.classifier(), images, broken(report, threat), watch);
            if (found.complete()) {
                certified.add(CertificationReport.Summary.of(found));
            }
        }
        return certified;
    }

    /** By image, whether an attack broke it within this threat model. */
    private boolean[] broken(RobustnessReport report, ThreatModel threat) {
        boolean[] broken = new boolean[report.n()];
        for (TrialReport trial : report.trials()) {
            ThreatModel of = trial.trial().threat();
            if (of.norm() == threat.norm() && of.epsilon() <= threat.epsilon()) {
                for (int i = 0; i < broken.length; i++) {
                    broken[i] |= report.correct()[i] && !trial.robust()[i];
                }
            }
        }
        return broken;
    }

    /** Notes on the threat models for such images, known before any attack; the report has them too. */
    public List<String> notesBefore(ImageSet images) {
        return evaluation().notesOn(images);
    }

    /** The attacks with their goal. */
    RobustEvaluation evaluation() {
        List<Trial> trials = attacks.stream()
                .map(attack -> goal.trial(attack.attack(), attack.threatModel()))
                .toList();
        return new RobustEvaluation(trials, batchSize, seed, device);
    }

    private static void requireFits(ClassifierFile model, ImageSet images, Extras extras) {
        List<ClassifierFile> all = extras.others();
        all.add(model);
        all.forEach(file -> file.requireFits(images));
    }

    private void requireOtherThanTarget(ImageSet images) {
        if (goal instanceof IntUnaryOperator target
                && Arrays.stream(images.labels()).allMatch(label -> target.applyAsInt(label) == label)) {
            throw new InputException(goal.label() + ": all images of " + images.name()
                    + " are of that class already; expected another one");
        }
    }

    private String title(ClassifierFile model, ImageSet images) {
        return model.architecture()
                        .map(known -> known.name())
                        .orElse(model.path().getFileName().toString()) + " on " + images.name();
    }

    /** A classifier and the results of the attacks on it. */
    record Attacked(ClassifierFile model, RobustnessReport report, List<AttackOutcome> outcomes) {}

    /** Empty where a stop was requested before any image was done. */
    private Optional<Attacked> attacked(
            ClassifierFile model, ImageSet images, List<Consumer<AttackedBatch>> listeners, Watch watch) {
        RobustEvaluation evaluation = evaluation();
        List<AttackOutcome.GoalTally> goals =
                attacks.stream().map(attack -> new AttackOutcome.GoalTally()).toList();
        Consumer<AttackedBatch> all = batch -> {
            Trial trial = evaluation.trials().get(batch.trial());
            goals.get(batch.trial()).add(trial, batch.labels().toLongs(), batch.result());
            listeners.forEach(listener -> listener.accept(batch));
        };
        RobustnessReport report = evaluation.of(model.classifier(), images, all, watch);
        if (report.n() == 0) {
            return Optional.empty();
        }
        List<AttackOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < attacks.size(); i++) {
            TrialReport trial = report.trials().get(i);
            outcomes.add(AttackOutcome.of(
                    attacks.get(i), report, trial, goal instanceof AttackGoal.Untargeted ? null : goals.get(i)));
        }
        List<Check> checks = FailureChecks.of(evaluation, model.classifier(), images, report, watch);
        return Optional.of(new Attacked(model, report.withChecks(checks), outcomes));
    }

    private AttackReport report(
            Attacked own,
            ImageSet images,
            boolean complete,
            AttackReport.Comparison comparison,
            TransferMatrix transfer,
            List<String> notes,
            List<AttackReport.Saved> saved,
            List<CertificationReport.Summary> certified,
            IOException unwritten) {
        List<Check> checks = new ArrayList<>(own.report().checks());
        if (transfer != null) {
            checks.addAll(transfer.checks(0));
        }
        Accuracy clean = own.report().clean();
        Accuracy worst = own.report().worstCaseAccuracy();
        List<AttackOutcome> outcomes = own.outcomes();
        return new AttackReport(
                own.model().path().toString(),
                images.name(),
                goal.label(),
                clean.n(),
                clean.correct(),
                clean.rate(),
                clean.interval().bounds(),
                worst.correct(),
                worst.rate(),
                worst.interval().bounds(),
                outcomes.stream()
                        .mapToDouble(AttackOutcome::maxPerturbation)
                        .max()
                        .orElseThrow(),
                outcomes.stream().mapToLong(AttackOutcome::forwardPasses).sum(),
                outcomes.stream().mapToLong(AttackOutcome::backwardPasses).sum(),
                outcomes.stream().mapToDouble(AttackOutcome::seconds).sum(),
                complete,
                outcomes,
                notes,
                Check.byName(checks),
                comparison,
                transfer == null ? null : AttackReport.Transfer.of(transfer),
                saved,
                certified,
                unwritten);
    }

    private static AttackReport.Comparison comparison(Attacked own, Attacked other) {
        String first = own.model().path().toString();
        String second = other.model().path().toString();
        return new AttackReport.Comparison(
                ModelComparison.of(
                        first, own.report().correct(), second, other.report().correct()),
                ModelComparison.of(
                        first, own.report().worstCase(), second, other.report().worstCase()),
                other.outcomes(),
                other.report().checks());
    }

    /** With the classifier itself as the first. */
    private Optional<TransferMatrix> transfer(
            ClassifierFile model, ImageSet images, List<ClassifierFile> others, Watch watch) {
        Map<String, Classifier> models = new LinkedHashMap<>();
        models.put(model.path().toString(), model.classifier());
        for (ClassifierFile other : others) {
            if (models.put(other.path().toString(), other.classifier()) != null) {
                throw new InputException(other.path() + ": named twice; transfer is between different classifiers");
            }
        }
        return TransferMatrix.of(models, evaluation(), images, watch.as("transfer"));
    }
}
