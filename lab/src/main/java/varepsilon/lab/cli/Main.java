package varepsilon.lab.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import varepsilon.lab.run.Program;

/** The {@code varepsilon} command. */
@Command(
        name = "varepsilon",
        description = {
            "Latent-variable image models, measured in bits per dimension;",
            "image classifiers, attacked, hardened and measured under attack."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        footer = {
            "",
            "Examples:",
            "  varepsilon vae train --data glyphs --epochs 5",
            "  varepsilon vae evaluate --weights runs/vae-glyphs-z20 --data glyphs",
            "  varepsilon classifier train --data glyphs --epochs 3 --out runs/plain",
            "  varepsilon attack --weights runs/plain --data glyphs --attack fgsm,pgd --eps 0.1",
            "  varepsilon COMMAND --help"
        })
public final class Main implements Runnable {
    /** Exit code after Ctrl-C. */
    static final int STOPPED = 130;

    @Spec
    private CommandSpec spec;

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT);
        Interruption interruption = Interruption.ofThisProcess();
        int code = run(new Console(System.out, System.err, interruption), arguments);
        System.out.flush();
        interruption.finished();
        // While a signal ends the process, a second call of exit would deadlock.
        if (!interruption.requested()) {
            System.exit(code);
        }
    }

    /**
     * Runs the command within this process.
     *
     * @param out where results go
     * @param err where everything else goes
     * @return 0 success, 1 failure, 2 wrong usage, 130 stopped by Ctrl-C
     */
    static int run(PrintStream out, PrintStream err, String... arguments) {
        return run(new Console(out, err, new Interruption()), arguments);
    }

    private static int run(Console console, String... arguments) {
        CommandLine line = commandLine(console, List.of(arguments));
        try {
            return line.execute(arguments);
        } catch (Error e) {
            return explain(e, console, List.of(arguments).contains("--verbose"));
        }
    }

    private static CommandLine commandLine(Console console, List<String> arguments) {
        CommandLine data = Group.named("data", "Data sets: list, describe, download.", "varepsilon data list")
                .addSubcommand(new DataListCommand(console))
                .addSubcommand(new DataInfoCommand(console))
                .addSubcommand(new DataFetchCommand(console));
        CommandLine vae = Group.named(
                        "vae",
                        "Variational autoencoders: train, evaluate, sample.",
                        "varepsilon vae train --data glyphs --latent-dim 2 --epochs 10")
                .addSubcommand(new VaeTrainCommand(console, arguments))
                .addSubcommand(new VaeEvaluateCommand(console))
                .addSubcommand(new VaeSampleCommand(console))
                .addSubcommand(new VaeReconstructCommand(console))
                .addSubcommand(new VaeInterpolateCommand(console))
                .addSubcommand(new VaeAnimateCommand(console))
                .addSubcommand(new VaeTraverseCommand(console))
                .addSubcommand(new VaeScatterCommand(console))
                .addSubcommand(new VaeManifoldCommand(console))
                .addSubcommand(new VaePseudoInputsCommand(console))
                .addSubcommand(new VaeDetectCommand(console))
                .addSubcommand(new VaeAttackCommand(console))
                .addSubcommand(new VaeQualityCommand(console))
                .addSubcommand(new VaeNeighboursCommand(console))
                .addSubcommand(new VaePosteriorCommand(console))
                .addSubcommand(new VaeDisentangleCommand(console))
                .addSubcommand(new VaeCompressCommand(console))
                .addSubcommand(new VaeDecompressCommand(console));
        CommandLine classifier = Group.named(
                        "classifier",
                        "Image classifiers: train, with or without defences, and evaluate.",
                        "varepsilon classifier train --data glyphs --epochs 3")
                .addSubcommand(new ClassifierTrainCommand(console, arguments))
                .addSubcommand(new ClassifierEvaluateCommand(console));
        CommandLine model = Group.named(
                        "model",
                        "Model files: describe, check against ONNX Runtime, export as ONNX.",
                        "varepsilon model info model.onnx")
                .addSubcommand(new ModelInfoCommand(console))
                .addSubcommand(new ModelCheckCommand(console))
                .addSubcommand(new ModelExportCommand(console));
        CommandLine experiment = Group.named(
                        "experiment",
                        "Experiments of many runs: those of the source, and your own.",
                        "varepsilon experiment run robustness-2.1 --preset smoke")
                .addSubcommand(new ExperimentListCommand(console))
                .addSubcommand(new ExperimentRunCommand(console, arguments))
                .addSubcommand(new ExperimentReportCommand(console, arguments));
        CommandLine study = Group.named("study", "The questions of the source, as studies.", "varepsilon study run 1.2")
                .addSubcommand(new StudyListCommand(console))
                .addSubcommand(new StudyRunCommand(console, arguments));
        CommandLine line = new CommandLine(new Main())
                .addSubcommand(new QuickstartCommand(console, arguments))
                .addSubcommand(data)
                .addSubcommand(vae)
                .addSubcommand(classifier)
                .addSubcommand(new AttackCommand(console, arguments))
                .addSubcommand(new CertifyCommand(console, arguments))
                .addSubcommand(model)
                .addSubcommand(experiment)
                .addSubcommand(study)
                .addSubcommand(new BenchCommand(console))
                .addSubcommand(new ReportCommand(console))
                .addSubcommand(new DoctorCommand(console));
        line.setOut(new PrintWriter(console.out(), true, Charset.defaultCharset()));
        line.setErr(new PrintWriter(console.err(), true, Charset.defaultCharset()));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        line.setExecutionStrategy(parsed -> {
            configureLogging(parsed);
            return new CommandLine.RunLast().execute(parsed);
        });
        line.setParameterExceptionHandler((failure, ignored) -> Usage.explain(failure, console));
        line.setExecutionExceptionHandler((failure, command, parsed) ->
                explain(failure, console, command.getParseResult().hasMatchedOption("--verbose")));
        return line;
    }

    /** Before the first logger is made: plain lines on standard error. */
    private static void configureLogging(ParseResult parsed) {
        ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        String level =
                last.hasMatchedOption("--verbose") ? "debug" : last.hasMatchedOption("--quiet") ? "error" : "info";
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", level);
        System.setProperty("org.slf4j.simpleLogger.showThreadName", "false");
        System.setProperty("org.slf4j.simpleLogger.showLogName", "false");
    }

    private static int explain(Throwable failure, Console console, boolean verbose) {
        console.err().println("varepsilon: " + Failures.message(failure));
        if (verbose) {
            failure.printStackTrace(console.err());
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** Without a subcommand: the usage. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"varepsilon " + Program.version()};
        }
    }
}
