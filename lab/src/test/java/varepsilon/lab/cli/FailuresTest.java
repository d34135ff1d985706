package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;
import varepsilon.base.InputException;

/** One line, in the words of the person at the keyboard. */
class FailuresTest {
    @Test
    void whatIsWrongWithInputIsSaidAsItIs() {
        assertThat(Failures.message(new InputException("a.png: is a folder"))).isEqualTo("a.png: is a folder");
    }

    @Test
    void filesAreNamedWithTheReason() {
        assertThat(Failures.message(new NoSuchFileException("a"))).isEqualTo("a: no such file or folder");
        assertThat(Failures.message(new AccessDeniedException("a"))).isEqualTo("a: permission denied");
        assertThat(Failures.message(new FileSystemException("a", null, "No space left on device")))
                .isEqualTo("a: No space left on device");
        assertThat(Failures.message(new FileSystemException("a"))).isEqualTo("a: cannot be read or written");
    }

    @Test
    void whatWasBeingDoneComesBeforeWhyItFailed() {
        IOException cause = new NoSuchFileException("a");
        assertThat(Failures.message(new UncheckedIOException("cannot unpack the engine", cause)))
                .isEqualTo("cannot unpack the engine: a: no such file or folder");
        assertThat(Failures.message(new UncheckedIOException(cause))).isEqualTo("a: no such file or folder");
        assertThat(Failures.message(new ExceptionInInitializerError(new UncheckedIOException("cannot unpack", cause))))
                .isEqualTo("cannot unpack: a: no such file or folder");
    }

    @Test
    void ofTheEnginesErrorsTheFirstLineIsForPeople() {
        assertThat(Failures.message(new RuntimeException("sizes differ\nException raised from here (file.cpp:1)")))
                .isEqualTo("sizes differ");
        assertThat(Failures.message(new RuntimeException("DefaultCPUAllocator: can't allocate memory: 9 bytes")))
                .startsWith("not enough memory; a smaller --batch-size needs less: ");
    }

    @Test
    void faultsOfTheProgramAreCalledSo() {
        assertThat(Failures.message(new IllegalStateException("no scope is open")))
                .isEqualTo("internal error: IllegalStateException: no scope is open (--verbose shows the stack trace)");
        assertThat(Failures.message(new NullPointerException())).startsWith("internal error: NullPointerException");
    }

    @Test
    void memoryOfJavaCanBeRaised() {
        assertThat(Failures.message(new OutOfMemoryError())).contains("--batch-size", "VAREPSILON_JAVA_OPTS");
    }
}
