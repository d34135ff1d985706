package varepsilon.lab.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The properties of this machine that affect speed and rounding. */
public final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    private Machine() {}

    /** The processor's name; the architecture where it is unknown. */
    public static String processor() {
        return cpuInfo().stream()
                .flatMap(line -> value(line, "model name").stream())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }

    /** Cores that this process may use; two threads that share a core's arithmetic units count as one. */
    public static int cores() {
        int processors = Runtime.getRuntime().availableProcessors();
        int physical = physicalCores(cpuInfo());
        return physical == 0 ? processors : Math.min(physical, processors);
    }

    /** Name and version of the operating system. */
    public static String system() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
    }

    /** Name and version of the Java that runs this. */
    public static String java() {
        return System.getProperty("java.vm.name") + " " + Runtime.version();
    }

    /** Different pairs of socket and core in Linux's {@code /proc/cpuinfo}; 0 where it is unknown. */
    static int physicalCores(List<String> cpuInfo) {
        Set<String> cores = new HashSet<>();
        String socket = "";
        for (String line : cpuInfo) {
            socket = value(line, "physical id").orElse(socket);
            String here = socket;
            value(line, "core id").ifPresent(core -> cores.add(here + "/" + core));
        }
        return cores.size();
    }

    private static Optional<String> value(String line, String key) {
        int colon = line.indexOf(':');
        return colon > 0 && line.substring(0, colon).strip().equals(key)
                ? Optional.of(line.substring(colon + 1).strip())
                : Optional.empty();
    }

    private static List<String> cpuInfo() {
        try {
            return Files.isReadable(CPU_INFO) ? Files.readAllLines(CPU_INFO) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(CPU_INFO + " cannot be read", e);
        }
    }
}
