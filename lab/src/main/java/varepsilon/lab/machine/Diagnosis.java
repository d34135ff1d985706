package varepsilon.lab.machine;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import varepsilon.base.InputException;
import varepsilon.data.DataSource;
import varepsilon.data.Datasets;
import varepsilon.lab.run.Machine;
import varepsilon.lab.run.Program;
import varepsilon.tensor.Engine;

/**
 * A description of the machine, with advice.
 *
 * @param varepsilon this program's version
 * @param java the Java that runs it
 * @param javaHeapMb the most memory that Java takes, without tensors, which lie outside
 * @param system the operating system
 * @param processor the processor's name
 * @param cores cores of it that can be used
 * @param memoryMb memory of the machine
 * @param engine the native engine, name to value; only {@code error} where it cannot be loaded
 * @param folders what is kept on the disk
 * @param data each data set
 * @param advice problems found, and how to fix them
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record Diagnosis(
        String varepsilon,
        String java,
        long javaHeapMb,
        String system,
        String processor,
        int cores,
        long memoryMb,
        Map<String, String> engine,
        List<Folder> folders,
        List<Dataset> data,
        List<String> advice) {
    private static final long MB = 1_000_000;
    private static final long ENGINE_MB = 600;
    private static final List<String> ALLOCATOR =
            List.of("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_");

    /**
     * A folder that this program writes to.
     *
     * @param purpose what lies there
     * @param path where it is, or will be
     * @param usedMb what lies there now
     * @param freeMb room on its disk
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Folder(String purpose, Path path, long usedMb, long freeMb) {
        static Folder of(String purpose, Path path) throws IOException {
            Path existing = path.toAbsolutePath();
            while (!Files.exists(existing)) {
                existing = existing.getParent();
            }
            long free = Files.getFileStore(existing).getUsableSpace() / MB;
            return new Folder(purpose, path, Files.isDirectory(path) ? size(path) / MB : 0, free);
        }

        private static long size(Path folder) throws IOException {
            try (Stream<Path> files = Files.walk(folder)) {
                return files.mapToLong(
                                file -> file.toFile().isFile() ? file.toFile().length() : 0)
                        .sum();
            }
        }
    }

    /**
     * A data set.
     *
     * @param name on the command line
     * @param usable whether its files are there, if it needs any
     * @param state of its files, as text
     */
    public record Dataset(String name, boolean usable, String state) {
        /** Checks its files in the data folder. */
        public static Dataset of(DataSource source, Path dataDir) {
            try {
                List<DataSource.StoredFile> files = source.stored(dataDir);
                return new Dataset(
                        source.name(),
                        true,
                        files.isEmpty()
                                ? "built in, needs no files"
                                : "in " + files.get(0).path().getParent());
            } catch (InputException e) {
                return new Dataset(source.name(), false, "not here; `varepsilon data fetch " + source.name() + "`");
            }
        }
    }

    /** Collects the diagnosis. */
    public static Diagnosis of(Path dataDir) throws IOException {
        Map<String, String> engine = describeEngine();
        List<Folder> folders = new ArrayList<>();
        folders.add(Folder.of("data sets", dataDir));
        if (engine.containsKey("native_cache")) {
            folders.add(Folder.of("native engine", Path.of(engine.get("native_cache"))));
        }
        return new Diagnosis(
                Program.version(),
                Machine.java(),
                Runtime.getRuntime().maxMemory() / MB,
                Machine.system(),
                Machine.processor(),
                Machine.cores(),
                memory() / MB,
                engine,
                folders,
                Datasets.all().stream()
                        .map(source -> Dataset.of(source, dataDir))
                        .toList(),
                advice(engine, folders, System.getenv(), System.getProperty("sun.jnu.encoding", "")));
    }

    private static Map<String, String> describeEngine() {
        try {
            return Engine.describe();
        } catch (LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            Map<String, String> failed = new LinkedHashMap<>();
            failed.put("error", String.valueOf(cause.getMessage()));
            return failed;
        }
    }

    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }

    /** @param fileNames the characters in which Java takes file names */
    static List<String> advice(
            Map<String, String> engine, List<Folder> folders, Map<String, String> environment, String fileNames) {
        List<String> advice = new ArrayList<>();
        if (engine.containsKey("error")) {
            advice.add("The native engine cannot be loaded: " + engine.get("error"));
        }
        if (!"1".equals(environment.get("OPENBLAS_NUM_THREADS"))) {
            advice.add("OPENBLAS_NUM_THREADS is "
                    + environment.getOrDefault("OPENBLAS_NUM_THREADS", "not set")
                    + "; with 1, as ./varepsilon sets it, a training step takes half the time.");
        }
        boolean glibc = engine.getOrDefault("platform", "").startsWith("linux");
        if (glibc && !environment.keySet().containsAll(ALLOCATOR)) {
            advice.add("The C library gives memory back after each step; start by ./varepsilon, which sets "
                    + String.join(", ", ALLOCATOR) + ", to save a sixth of the time.");
        }
        if (engine.getOrDefault("waiting", "").matches("as OpenMP does|OMP_WAIT_POLICY=(?i)active")) {
            advice.add(
                    "The engine's threads keep their cores busy while they wait for one another, which beside another"
                            + " process makes a training step several times as long; OMP_WAIT_POLICY=PASSIVE, as"
                            + " ./varepsilon sets it, makes them sleep.");
        }
        if (fileNames.contains("ANSI_X3.4") || fileNames.contains("ASCII")) {
            advice.add("Java takes file names for " + fileNames
                    + ", in which none with an accent can be opened; set LC_ALL"
                    + " to an installed UTF-8 locale, such as C.UTF-8.");
        }
        for (Folder folder : folders) {
            if (folder.freeMb() < ENGINE_MB) {
                advice.add("There are " + folder.freeMb() + " MB free where the " + folder.purpose() + " go ("
                        + folder.path() + "); make room for at least " + ENGINE_MB + ".");
            }
        }
        return advice;
    }
}
