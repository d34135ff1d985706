package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.base.InputException;

/** Where the native engine is unpacked. */
class NativeCacheChoiceTest {
    @TempDir
    private Path parent;

    private static boolean isLinux() {
        return System.getProperty("os.name").equals("Linux");
    }

    /** A folder of Linux that can be written, but from which nothing may be executed. */
    private static Optional<Path> noexec() throws IOException {
        try (Stream<String> mounts = Files.lines(Path.of("/proc/mounts"))) {
            return mounts.map(line -> line.split(" "))
                    .filter(fields -> List.of(fields[3].split(",")).containsAll(List.of("rw", "noexec")))
                    .filter(fields -> fields[2].equals("tmpfs"))
                    .map(fields -> Path.of(fields[1]))
                    .filter(Files::isWritable)
                    .findFirst();
        }
    }

    @Test
    void theFirstFolderIsMadeAndUsed() throws IOException {
        Path first = parent.resolve("a/b");

        NativeCache cache = NativeCache.choose(List.of(first, parent), Set.of());

        assertThat(cache).isEqualTo(new NativeCache(first, List.of()));
        try (Stream<Path> left = Files.list(first)) {
            assertThat(left).as("nothing is left of the trial").isEmpty();
        }
    }

    @Test
    void aFolderThatCannotBeMadeIsPassedOver() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "");
        Path blocked = file.resolve("cache");

        assertThat(NativeCache.choose(List.of(blocked, parent.resolve("next")), Set.of()))
                .isEqualTo(new NativeCache(parent.resolve("next"), List.of(blocked + " cannot be written")));
    }

    @Test
    void soIsOneFromWhichNothingMayBeExecuted() throws IOException {
        assumeTrue(isLinux(), "needs /proc/mounts");
        Optional<Path> mounted = noexec();
        assumeTrue(mounted.isPresent(), "no tmpfs is mounted noexec here");
        Path folder = Files.createTempDirectory(mounted.get(), "varepsilon");
        try {
            NativeCache cache = NativeCache.choose(List.of(folder, parent), Set.of());
            assertThat(cache.folder()).isEqualTo(parent);
            assertThat(cache.passedOver())
                    .singleElement()
                    .asString()
                    .startsWith(folder + " is on")
                    .contains("noexec");
        } finally {
            Files.delete(folder);
        }
    }

    @Test
    void aFolderOfAnotherUserAmongTemporaryFilesIsPassedOver() throws IOException {
        assumeTrue(isLinux() && Files.getOwner(parent).getName().equals("root"), "only root can give a folder away");
        Path planted = Files.createDirectory(parent.resolve("planted"));
        Files.setOwner(
                planted, planted.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));

        assertThat(NativeCache.choose(List.of(planted, parent), Set.of(planted)))
                .isEqualTo(new NativeCache(parent, List.of(planted + " belongs to another user")));
        assertThat(NativeCache.choose(List.of(planted), Set.of()).folder())
                .as("where a person named it")
                .isEqualTo(planted);
    }

    @Test
    void whereNoneWillDoAllAreNamedWithTheReasonAndACure() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "");

        assertThatExceptionOfType(InputException.class)
                .isThrownBy(() -> NativeCache.choose(List.of(file.resolve("a"), file.resolve("b")), Set.of()))
                .withMessageContaining(file.resolve("a") + " cannot be written; " + file.resolve("b"))
                .withMessageContaining("-Dorg.bytedeco.javacpp.cachedir=DIR");
    }

    /** Loads the engine, or says why not. */
    static final class Load {
        private Load() {}

        public static void main(String[] arguments) {
            try {
                Engine.threads();
            } catch (ExceptionInInitializerError e) {
                System.out.println(e.getCause().getMessage());
            }
        }
    }

    @Test
    void aLibraryThatCannotBeLoadedIsSaidToBeWhereItIs() throws IOException, InterruptedException {
        Path cache = Path.of(Engine.describe().get("native_cache"));
        Path damaged = parent.resolve("damaged");
        assumeTrue(Files.getFileStore(cache).equals(Files.getFileStore(parent)), "links go within one file system");
        // Links to all of it, but for one library, which is as long and as old as it should be and full of zeros.
        try (Stream<Path> files = Files.walk(cache)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = damaged.resolve(cache.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else if (file.getFileName().toString().contains("jnitorch.")) {
                    try (var zeros = new RandomAccessFile(copy.toFile(), "rw")) {
                        zeros.setLength(Files.size(file));
                    }
                    Files.setLastModifiedTime(copy, Files.getLastModifiedTime(file));
                } else if (!file.getFileName().toString().equals(".lock")) {
                    Files.createLink(copy, file);
                }
            }
        }
        assertThat(ForkedJvm.run(List.of("-Dorg.bytedeco.javacpp.cachedir=" + damaged), Load.class))
                .filteredOn(line -> line.startsWith("the native engine"))
                .singleElement()
                .asString()
                .startsWith("the native engine cannot be loaded from " + damaged + ": ")
                .contains("jnitorch")
                .endsWith("delete it, and it is unpacked again");
    }
}
