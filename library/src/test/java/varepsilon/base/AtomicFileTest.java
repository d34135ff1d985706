package varepsilon.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void writesAndReplacesAndMakesFolders() throws IOException {
        Path target = folder.resolve("a/b/file.txt");
        AtomicFile.writeString(target, "ε one");
        AtomicFile.writeString(target, "two");
        assertThat(target).hasContent("two");
        try (var files = Files.list(target.getParent())) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    void aFailureInTheMiddleLeavesThePreviousFile() throws IOException {
        Path target = folder.resolve("file.txt");
        AtomicFile.writeString(target, "good");
        assertThatThrownBy(() -> AtomicFile.write(target, out -> {
                    out.write(new byte[1 << 20]);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(target + ": No space left on device");
        assertThat(target).hasContent("good");
        try (var files = Files.list(folder)) {
            assertThat(files).as("nothing is left beside it").containsExactly(target);
        }
    }

    @Test
    void leftoversOfAKillAreRemovedAndNothingElse() throws IOException {
        for (String name : new String[] {".model.safetensors.tmp123", ".tmp", "notes.tmp1", ".gitignore", ".x.tmp"}) {
            Files.createFile(folder.resolve(name));
        }
        AtomicFile.removeLeftovers(folder);
        AtomicFile.removeLeftovers(folder.resolve("absent"));
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(".tmp", "notes.tmp1", ".gitignore", ".x.tmp");
        }
    }

    @Test
    void aFolderIsNotReplaced() throws IOException {
        Path target = Files.createDirectory(folder.resolve("folder"));
        Files.createFile(target.resolve("inside"));
        assertThatThrownBy(() -> AtomicFile.writeString(target, "text")).isInstanceOf(IOException.class);
        assertThat(target.resolve("inside")).exists();
    }
}
