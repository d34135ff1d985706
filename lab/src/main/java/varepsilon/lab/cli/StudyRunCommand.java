package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import varepsilon.base.StoppedException;
import varepsilon.lab.run.Program;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.run.ShellWords;
import varepsilon.lab.study.Studies;
import varepsilon.lab.study.Study;
import varepsilon.lab.study.StudyContext;
import varepsilon.lab.study.StudyFolder;
import varepsilon.lab.study.StudyResult;
import varepsilon.tensor.Engine;

/** {@code varepsilon study run}. */
@Command(
        name = "run",
        description = "Runs studies of the source's questions; finished trainings are reused.",
        footer = {
            "",
            "Examples:",
            "  varepsilon study run 1.2",
            "  varepsilon study run 2.1a --preset laptop --data-dir DIR",
            "  varepsilon study run all --preset smoke"
        })
final class StudyRunCommand implements Callable<Integer> {
    private static final String ALL = "all";

    private final Console console;
    private final List<String> arguments;

    @Parameters(paramLabel = "ID", arity = "1..*", description = "Questions such as 1.2 or 2.1a, or all.")
    private List<String> ids;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "smoke",
            description = "smoke: seconds, on the drawn digits. laptop: minutes, on MNIST or CIFAR-10. full: the"
                    + " narrowest intervals (default: ${DEFAULT-VALUE}).")
    private StudyContext.Size preset;

    @Option(names = "--data", paramLabel = "NAME", description = "The data set, in place of the preset's.")
    private String data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "runs/studies",
            description = "The folder of the reports, with a folder for each study (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Option(
            names = "--runs",
            paramLabel = "DIR",
            defaultValue = ExperimentPlace.TRAININGS,
            description = "The folder of trainings, which experiments can share (default: ${DEFAULT-VALUE}).")
    private Path runs;

    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Mixin
    private final ComputeOptions compute = new ComputeOptions();

    @Mixin
    private final Output output;

    StudyRunCommand(Console console, List<String> arguments) {
        this.console = console;
        this.arguments = arguments;
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        List<Study> studies = ids.contains(ALL)
                ? Studies.all()
                : ids.stream().map(Studies::named).toList();
        console.interruption().delay();
        List<Object> json = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        try (WorkProgress progress = new WorkProgress(output, "units", console.interruption())) {
            Engine.setThreads(compute.threads());
            RunStore store = ExperimentPlace.store(runs, folder.folder(), arguments, progress);
            StudyContext context =
                    new StudyContext(preset, data, compute.seed(), compute.threads(), compute.device(), store);
            for (Study study : studies) {
                output.say(study.id() + " " + study.title());
                StudyResult result = study.run(context);
                progress.close();
                Path here = out.resolve(study.id() + "-" + preset.name().toLowerCase(Locale.ROOT));
                new StudyFolder(here).write(study, result, facts(context), arguments);
                json.add(StudyFolder.json(study, result, facts(context)));
                text.append(String.format(
                        "%s %s%n  %s. %s%n  %s%n  Look at %s.%n%n",
                        study.id(),
                        study.title(),
                        StudyFolder.word(result.verdict()),
                        result.because(),
                        result.reading(),
                        here.resolve("report.html")));
            }
        } catch (StoppedException e) {
            output.say("Stopped and saved. To go on: varepsilon " + ShellWords.quoted(arguments));
            return Main.STOPPED;
        }
        output.result(json, text.toString());
        return 0;
    }

    private Map<String, String> facts(StudyContext context) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("preset", preset.name().toLowerCase(Locale.ROOT));
        facts.put("data", data == null ? "the preset's" : data);
        facts.put("seed", Long.toString(context.seed()));
        facts.put("threads", Integer.toString(context.threads()));
        facts.put("device", context.device().toString());
        facts.put("varepsilon", Program.version() + ", " + Program.commit());
        return facts;
    }
}
