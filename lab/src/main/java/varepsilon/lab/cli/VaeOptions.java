package varepsilon.lab.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import varepsilon.base.Declared;
import varepsilon.base.Family;
import varepsilon.generative.DecoderChoice;
import varepsilon.generative.Likelihood;
import varepsilon.generative.PosteriorChoice;
import varepsilon.generative.PriorChoice;
import varepsilon.generative.VaeNetwork;
import varepsilon.generative.VaeObjective;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Schedule;

/** The options of a VAE's training. */
@Command
final class VaeOptions {
    private static final VaeSpec USUAL = VaeSpec.of("any");
    private static final Family<Likelihood> LIKELIHOODS = Family.of(Likelihood.class);
    private static final Family<DecoderChoice> DECODERS = Family.of(DecoderChoice.class);
    private static final Family<PriorChoice> PRIORS = Family.of(PriorChoice.class);
    private static final Family<PosteriorChoice> POSTERIORS = Family.of(PosteriorChoice.class);
    private static final Family<VaeNetwork> NETWORKS = Family.of(VaeNetwork.class);
    private static final Family<VaeObjective> OBJECTIVES = Family.of(VaeObjective.class);
    private static final Family<Schedule> SCHEDULES = Family.of(Schedule.class);

    private CommandSpec command;
    private DeclaredOptions options;
    private DeclaredOptions likelihood;
    private DeclaredOptions network;
    private DeclaredOptions objective;
    private DeclaredOptions schedule;

    @Spec(Spec.Target.MIXEE)
    void addTo(CommandSpec mixee) {
        command = mixee;
        options = new DeclaredOptions(mixee);
        likelihood = new DeclaredOptions(mixee);
        network = new DeclaredOptions(mixee);
        objective = new DeclaredOptions(mixee);
        schedule = new DeclaredOptions(mixee);
        for (Declared parameter : Declared.of(USUAL)) {
            switch (parameter.name()) {
                case "limit", "threads" -> {} // options of all commands
                case "likelihood" -> {
                    likelihood.addMember(
                            "--likelihood", LIKELIHOODS, LIKELIHOODS.text(USUAL.likelihood()), "The form of p(x|z)");
                    likelihood.addShared("", "levels", LIKELIHOODS);
                }
                case "architecture" -> {
                    network.addMember("--architecture", NETWORKS, NETWORKS.text(USUAL.architecture()), "The networks");
                    List.of("filters", "width", "depth").forEach(name -> network.addShared("", name, NETWORKS));
                }
                case "objective" -> {
                    objective.addMember(
                            "--objective", OBJECTIVES, OBJECTIVES.text(USUAL.objective()), "What is minimised");
                    List.of("beta", "freeNats", "warmUp").forEach(name -> objective.addShared("", name, OBJECTIVES));
                }
                case "schedule" -> {
                    schedule.addMember(
                            "--schedule",
                            SCHEDULES,
                            SCHEDULES.text(USUAL.schedule()),
                            "The learning rate over training");
                    List.of("decayEvery", "decayFactor", "peak")
                            .forEach(name -> schedule.addShared("", name, SCHEDULES));
                }
                case "decoder" ->
                    options.addMember(
                            "--decoder",
                            DECODERS,
                            DECODERS.text(USUAL.decoder()),
                            "How the pixels of p(x|z) depend on each other");
                case "posterior" ->
                    options.addMember(
                            "--posterior", POSTERIORS, POSTERIORS.text(USUAL.posterior()), "The form of q(z|x)");
                case "prior" -> options.addMember("--prior", PRIORS, PRIORS.text(USUAL.prior()), "The form of p(z)");
                default -> options.add(parameter);
            }
        }
    }

    int epochs() {
        return (int) options.given().getOrDefault("epochs", USUAL.epochs());
    }

    /** The configuration of the options. */
    VaeSpec applied(VaeSpec usual) {
        Map<String, Object> chosen = new LinkedHashMap<>(options.given());
        chosen.put("likelihood", LIKELIHOODS.parse(likelihood.text("--likelihood"), likelihood.givenInRange()));
        chosen.put("architecture", NETWORKS.parse(network.text("--architecture"), network.givenInRange()));
        chosen.put("objective", objective());
        chosen.put("schedule", SCHEDULES.parse(schedule.text("--schedule"), schedule.givenInRange()));
        chosen.put("decoder", DECODERS.parse(options.text("--decoder")));
        chosen.put("posterior", POSTERIORS.parse(options.text("--posterior")));
        chosen.put("prior", PRIORS.parse(options.text("--prior")));
        return Declared.with(usual, chosen);
    }

    private VaeObjective objective() {
        String text = objective.text("--objective");
        VaeObjective parsed = OBJECTIVES.parse(text, objective.givenInRange());
        Map<String, Object> parameters =
                OBJECTIVES.memberOf(parsed).orElseThrow().values(parsed);
        objective.givenOptions().forEach((option, parameter) -> {
            if (!parameters.containsKey(parameter.name())) {
                throw Usage.wrong(command, option + ": has no effect on the objective " + text);
            }
        });
        return parsed;
    }
}
