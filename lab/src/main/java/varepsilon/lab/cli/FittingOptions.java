package varepsilon.lab.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.lab.spec.ClassifierSpec;
import varepsilon.nn.OptimizerChoice;
import varepsilon.nn.Schedule;

/** The options of a classifier's training. */
@Command
final class FittingOptions {
    private static final ClassifierSpec.Fitting USUAL = new ClassifierSpec.Fitting();
    private static final Family<OptimizerChoice> OPTIMIZERS = Family.of(OptimizerChoice.class);
    private static final Family<Schedule> SCHEDULES = Family.of(Schedule.class);

    private CommandSpec command;
    private DeclaredOptions fitting;
    private DeclaredOptions optimizer;
    private DeclaredOptions schedule;

    @Spec(Spec.Target.MIXEE)
    void addTo(CommandSpec mixee) {
        command = mixee;
        fitting = new DeclaredOptions(mixee);
        optimizer = new DeclaredOptions(mixee);
        schedule = new DeclaredOptions(mixee);
        for (Declared parameter : Declared.of(USUAL)) {
            switch (parameter.name()) {
                case "optimizer" -> {
                    optimizer.addMember(
                            "--optimizer",
                            OPTIMIZERS,
                            OPTIMIZERS.text(USUAL.optimizer()),
                            "How gradients update the weights");
                    for (String shared : new String[] {"momentum", "weightDecay"}) {
                        optimizer.addShared("", shared, OPTIMIZERS);
                    }
                }
                case "schedule" -> {
                    schedule.addMember(
                            "--schedule",
                            SCHEDULES,
                            SCHEDULES.text(USUAL.schedule()),
                            "The learning rate over training");
                    for (String shared : new String[] {"decayEvery", "decayFactor", "peak"}) {
                        schedule.addShared("", shared, SCHEDULES);
                    }
                }
                case "learningRate" -> fitting.add(parameter, "--lr");
                default -> fitting.add(parameter);
            }
        }
    }

    int epochs() {
        return (int) fitting.given().getOrDefault("epochs", USUAL.epochs());
    }

    ClassifierSpec.Fitting fitting() {
        OptimizerChoice steps = OPTIMIZERS.parse(optimizer.text("--optimizer"), optimizer.givenInRange());
        optimizer.requireUsed(OPTIMIZERS, steps, "--optimizer " + Family.nameOf(steps));
        Schedule rates = SCHEDULES.parse(schedule.text("--schedule"), schedule.givenInRange());
        schedule.requireUsed(SCHEDULES, rates, "--schedule " + Family.nameOf(rates));
        Map<String, Object> chosen = new LinkedHashMap<>(fitting.given());
        chosen.putIfAbsent("learningRate", steps.usualRate());
        chosen.put("optimizer", steps);
        chosen.put("schedule", rates);
        return Usage.check(command, () -> Declared.with(USUAL, chosen));
    }
}
