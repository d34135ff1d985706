package varepsilon.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import varepsilon.base.InputException;

/**
 * The folder that the native engine is unpacked into and loaded from: the one in the system property {@code
 * org.bytedeco.javacpp.cachedir}, else {@code ~/.javacpp/cache}, else a folder of this user's among the temporary
 * files.
 *
 * @param folder an existing, writable folder from which libraries can be loaded
 * @param passedOver the folders that come before it and why they are not used, one sentence each
 */
record NativeCache(Path folder, List<String> passedOver) {
    /** JavaCPP's system property. JavaCPP itself skips an unusable folder without an error. */
    static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

    /**
     * Chooses the folder and creates it where needed.
     *
     * @throws InputException where no folder can be used
     */
    static NativeCache choose() {
        String named = System.getProperty(PROPERTY, "");
        if (!named.isBlank()) {
            return choose(List.of(Path.of(named)), Set.of());
        }
        List<Path> usual = new ArrayList<>();
        // Java gives "?" for a user id without an entry, which is common in containers.
        for (String home : new String[] {System.getProperty("user.home"), System.getenv("HOME")}) {
            if (home != null && Path.of(home).isAbsolute()) {
                usual.add(Path.of(home, ".javacpp", "cache"));
            }
        }
        Path shared =
                Path.of(System.getProperty("java.io.tmpdir"), ".javacpp-" + System.getProperty("user.name"), "cache");
        usual.add(shared);
        return choose(usual.stream().distinct().toList(), Set.of(shared));
    }

    /**
     * The first usable folder.
     *
     * @param own those that must belong to this user, since others can make folders beside them
     */
    static NativeCache choose(List<Path> folders, Set<Path> own) {
        List<String> passedOver = new ArrayList<>();
        for (Path folder : folders) {
            Optional<String> unusable = whyNot(folder, own.contains(folder));
            if (unusable.isEmpty()) {
                return new NativeCache(folder, List.copyOf(passedOver));
            }
            passedOver.add(folder + " " + unusable.get());
        }
        throw new InputException("the native engine needs a folder to be unpacked into and loaded from: "
                + String.join("; ", passedOver) + "; name another one in the system property " + PROPERTY
                + " (with the launcher: VAREPSILON_JAVA_OPTS=-D" + PROPERTY + "=DIR)");
    }

    private static Optional<String> whyNot(Path folder, boolean own) {
        try {
            if (own) {
                createPrivately(folder);
            } else {
                Files.createDirectories(folder);
            }
            Path probe = Files.createTempFile(folder, "probe", "");
            try {
                if (own && !Files.getOwner(folder).equals(Files.getOwner(probe))) {
                    return Optional.of("belongs to another user");
                }
                return mayBeLoaded(probe)
                        ? Optional.empty()
                        : Optional.of("is on a file system that forbids to load programs from it (mounted noexec)");
            } finally {
                Files.delete(probe);
            }
        } catch (IOException e) {
            return Optional.of("cannot be written");
        }
    }

    private static void createPrivately(Path folder) throws IOException {
        if (isPosix(folder)) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(folder);
        }
    }

    /** Where a file system is mounted noexec, no file of it is executable, whatever its permissions are. */
    private static boolean mayBeLoaded(Path file) throws IOException {
        if (!isPosix(file)) {
            return true;
        }
        Files.setPosixFilePermissions(file, Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_EXECUTE));
        return Files.isExecutable(file);
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
