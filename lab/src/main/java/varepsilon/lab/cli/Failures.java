package varepsilon.lab.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import varepsilon.base.InputException;
import varepsilon.data.DataFilesException;
import varepsilon.train.OccupiedFolderException;
import varepsilon.train.TrainingDivergedException;

/** Formats failures as one line. */
final class Failures {
    private Failures() {}

    static String message(Throwable failure) {
        if (failure instanceof DataFilesException files) {
            return files.getMessage() + " (with `varepsilon data fetch " + files.dataSet()
                    + "`; the data folder is --data-dir)";
        }
        if (failure instanceof OccupiedFolderException occupied) {
            return failure.getMessage() + (occupied.isRun() ? " (--resume, --out)" : " (--out)");
        }
        if (failure instanceof InputException || failure instanceof TrainingDivergedException) {
            return failure.getMessage();
        }
        if (failure instanceof OutOfMemoryError) {
            return "out of memory; a smaller --batch-size needs less, and VAREPSILON_JAVA_OPTS=-Xmx2g gives Java more";
        }
        if (failure instanceof FileSystemException file) {
            return file.getFile() + ": " + reason(file);
        }
        if (failure instanceof UncheckedIOException unchecked) {
            // The program's own exceptions name the action, and their cause the reason.
            String cause = message(unchecked.getCause());
            String what = unchecked.getMessage();
            return what == null || what.equals(unchecked.getCause().toString()) ? cause : what + ": " + cause;
        }
        if (failure instanceof IOException) {
            return firstLine(failure);
        }
        if (failure instanceof ExceptionInInitializerError && failure.getCause() != null) {
            return message(failure.getCause());
        }
        // The engine's own errors come as plain RuntimeExceptions, with a C++ stack trace after the first line.
        if (failure.getClass() == RuntimeException.class) {
            String line = firstLine(failure);
            boolean memory = line.contains("can't allocate memory") || line.contains("out of memory");
            return (memory ? "not enough memory; a smaller --batch-size needs less: " : "") + line;
        }
        return "internal error: " + failure.getClass().getSimpleName() + ": " + firstLine(failure)
                + " (--verbose shows the stack trace)";
    }

    private static String reason(FileSystemException failure) {
        if (failure instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failure instanceof FileAlreadyExistsException) {
            return "a file of this name is in the way";
        }
        if (failure instanceof NotDirectoryException) {
            return "not a folder";
        }
        return failure.getReason() == null ? "cannot be read or written" : failure.getReason();
    }

    private static String firstLine(Throwable failure) {
        String message = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        return message.lines().findFirst().orElse(failure.getClass().getSimpleName());
    }
}
