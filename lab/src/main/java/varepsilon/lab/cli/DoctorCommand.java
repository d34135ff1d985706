package varepsilon.lab.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import varepsilon.lab.machine.Diagnosis;

/** {@code varepsilon doctor}. */
@Command(
        name = "doctor",
        description = "Checks this machine, and advises on problems.",
        footer = {"", "Example:", "  varepsilon doctor"})
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private final DataFolderOption folder = new DataFolderOption();

    @Mixin
    private final Output output;

    DoctorCommand(Console console) {
        output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        Diagnosis diagnosis = Diagnosis.of(folder.folder());
        output.result(diagnosis, text(diagnosis));
        return 0;
    }

    private static String text(Diagnosis diagnosis) {
        List<String> lines = new ArrayList<>();
        lines.add(fact("varepsilon", diagnosis.varepsilon()));
        lines.add(fact("java", diagnosis.java() + ", heap up to " + diagnosis.javaHeapMb() + " MB"));
        lines.add(fact("system", diagnosis.system()));
        lines.add(fact("processor", diagnosis.processor() + ", " + diagnosis.cores() + " cores"));
        lines.add(fact("memory", String.format(Locale.ROOT, "%,d MB", diagnosis.memoryMb())));
        lines.add("");
        diagnosis.engine().forEach((name, value) -> lines.add(fact(name.replace('_', ' '), value)));
        lines.add("");
        for (Diagnosis.Folder place : diagnosis.folders()) {
            String room = String.format(Locale.ROOT, " (%,d MB in it, %,d MB free)", place.usedMb(), place.freeMb());
            lines.add(fact(place.purpose(), place.path() + room));
        }
        diagnosis.data().forEach(set -> lines.add(fact(set.name(), set.state())));
        lines.add("");
        lines.addAll(diagnosis.advice().isEmpty() ? List.of("No problems found.") : diagnosis.advice());
        return String.join(System.lineSeparator(), lines);
    }

    private static String fact(String name, String value) {
        return String.format(Locale.ROOT, "%-15s  %s", name, value);
    }
}
