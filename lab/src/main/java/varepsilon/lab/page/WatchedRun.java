package varepsilon.lab.page;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import varepsilon.report.Metrics;

/**
 * A run that is watched from outside: a folder with {@code config.yaml} and {@code metrics.csv}. Links are not
 * followed, so that nothing outside the folder that is watched is shown.
 *
 * @param name its place in the folder that is watched
 * @param folder where it is
 */
record WatchedRun(String name, Path folder) {
    private static final int MOST = 60;
    private static final int DEEPEST = 4;
    private static final int MOST_FILES = 50_000;
    private static final Duration QUIET = Duration.ofMinutes(2);

    /** The state of a run, inferred from its files. */
    enum Status {
        RUNNING,
        /** Nothing was measured for a while, and there are no results yet. */
        WAITING,
        FINISHED
    }

    /**
     * The runs found in a folder.
     *
     * @param runs sorted by name
     * @param areAll false where the search stopped at the limit of runs or files
     */
    record Found(List<WatchedRun> runs, boolean areAll) {}

    /** The runs in a folder, up to four levels deep; itself, if it is one. */
    static Found under(Path root) throws IOException {
        Finder finder = new Finder(root);
        Files.walkFileTree(root, Set.of(), DEEPEST + 1, finder);
        finder.runs.sort(Comparator.comparing(WatchedRun::name));
        return new Found(List.copyOf(finder.runs), finder.hasRoom());
    }

    private static final class Finder extends SimpleFileVisitor<Path> {
        private final Path root;
        private final List<WatchedRun> runs = new ArrayList<>();
        private int files;

        Finder(Path root) {
            this.root = root;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            if (isFile(folder.resolve("config.yaml")) && isFile(folder.resolve("metrics.csv"))) {
                runs.add(new WatchedRun(
                        folder.equals(root)
                                ? root.toString()
                                : root.relativize(folder).toString(),
                        folder));
            }
            return next();
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            return next();
        }

        /** Files that cannot be read, or were deleted meanwhile, are skipped. */
        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
            if (file.equals(root)) {
                throw failure;
            }
            return next();
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException failure) {
            return FileVisitResult.CONTINUE; // Skips files that can no longer be read.
        }

        private FileVisitResult next() {
            files++;
            return hasRoom() ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
        }

        private boolean hasRoom() {
            return files < MOST_FILES && runs.size() < MOST;
        }
    }

    Metrics metrics() throws IOException {
        return Metrics.read(folder.resolve("metrics.csv"));
    }

    /** The time of the last measurement. */
    Instant measured() throws IOException {
        return modified(folder.resolve("metrics.csv")).toInstant();
    }

    Status status(Instant now) throws IOException {
        if (isFile(folder.resolve("results.json"))) {
            return Status.FINISHED;
        }
        return measured().isAfter(now.minus(QUIET)) ? Status.RUNNING : Status.WAITING;
    }

    /** Its pictures, the newest first. */
    List<Path> samples() throws IOException {
        Path samples = folder.resolve("samples");
        if (!Files.isDirectory(samples, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        record Dated(Path file, FileTime time) {}
        List<Dated> pictures = new ArrayList<>();
        try (Stream<Path> files = Files.list(samples)) {
            for (Path file : files.filter(WatchedRun::isPng).limit(MOST_FILES).toList()) {
                pictures.add(new Dated(file, modified(file)));
            }
        }
        return pictures.stream()
                .sorted(Comparator.comparing(Dated::time)
                        .thenComparing(Dated::file)
                        .reversed())
                .map(Dated::file)
                .toList();
    }

    private static boolean isPng(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".png") && isFile(file);
    }

    private static boolean isFile(Path file) {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static FileTime modified(Path file) throws IOException {
        return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS);
    }
}
