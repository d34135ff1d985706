package varepsilon.lab.cli;

import java.io.PrintStream;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code varepsilon} command. */
@Command(
        name = "varepsilon",
        description = "Trains latent-variable image models; attacks, hardens and measures image classifiers.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            QuickstartCommand.class,
            DataCommand.class,
            VaeCommand.class,
            DoctorCommand.class,
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT);
        System.exit(run(System.out, System.err, arguments));
    }

    /**
     * Runs the command.
     *
     * @param out where results go
     * @param err where everything else goes
     * @return 0 success, 1 failure, 2 wrong usage, 130 stopped by Ctrl-C
     */
    static int run(PrintStream out, PrintStream err, String... arguments) {
        Console console = new Console(out, err);
        CommandLine line = new CommandLine(new Main(), new Factory(console));
        line.setOut(new java.io.PrintWriter(out, true));
        line.setErr(new java.io.PrintWriter(err, true));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((exception, command, parsed) -> console.explain(exception));
        return line.execute(arguments);
    }

    /** Without a subcommand: what there is. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "say what to do");
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"varepsilon " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
