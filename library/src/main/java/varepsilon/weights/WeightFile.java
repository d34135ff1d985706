package varepsilon.weights;

import java.nio.file.Files;
import java.nio.file.Path;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;

/** An unchecked weight file: limits and errors that the formats share. */
record WeightFile(Path path) {
    /** Far more than image models have: a bound on the objects that a hostile file can create. */
    static final int MAX_TENSORS = 100_000;

    /** The engine's own limit in many operations. */
    static final int MAX_DIMENSIONS = 64;

    /** The bytes of one tensor travel in one buffer. */
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    private static final int SHOWN_LENGTH = 80;

    WeightFile {
        if (!Files.exists(path)) {
            throw new InputException(oneLine(path + ": no such file; expected a weight file"));
        }
        if (!Files.isRegularFile(path)) {
            String found = Files.isDirectory(path) ? "a folder" : "not a regular file";
            throw new InputException(oneLine(path + ": " + found + "; expected a weight file"));
        }
    }

    /** The error for this file, on one line whatever the file's names contain. */
    InputException refused(String why) {
        return new InputException(oneLine(path + ": " + why));
    }

    /** As {@link #refused(String)}, with the failure that led to it. */
    InputException refused(String why, Throwable cause) {
        return new InputException(oneLine(path + ": " + why), cause);
    }

    /** Bytes of a tensor of that type and shape; refuses what cannot be a tensor's shape. */
    int bytes(String name, DType dtype, long[] shape) {
        if (shape.length > MAX_DIMENSIONS) {
            throw refused("tensor " + quote(name) + " has " + shape.length + " dimensions; expected at most "
                    + MAX_DIMENSIONS);
        }
        long extent = dtype.bytes();
        boolean empty = false;
        for (long size : shape) {
            if (size < 0) {
                throw refused("tensor " + quote(name) + " has a dimension of size " + size);
            }
            empty |= size == 0;
            // Strides are products of the sizes even where a tensor is empty, so those must not overflow either.
            extent = multiply(name, extent, Math.max(1, size));
        }
        if (!empty && extent > MAX_BYTES) {
            throw refused("tensor " + quote(name) + " has " + extent + " bytes; at most 2 GB a tensor can be read");
        }
        return empty ? 0 : (int) extent;
    }

    private long multiply(String name, long extent, long size) {
        try {
            return Math.multiplyExact(extent, size);
        } catch (ArithmeticException e) {
            throw refused("tensor " + quote(name) + " has a shape beyond all memory", e);
        }
    }

    /** A name from a file as a message shows it. */
    static String quote(String name) {
        return "'" + shortened(name) + "'";
    }

    /** A name from a file, truncated for messages. */
    static String shortened(String name) {
        return name.length() > SHOWN_LENGTH ? name.substring(0, SHOWN_LENGTH - 1) + "…" : name;
    }

    /** Names in files may contain line breaks and terminal controls; messages may not. */
    static String oneLine(String message) {
        return message.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " ");
    }
}
