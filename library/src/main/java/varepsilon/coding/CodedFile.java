package varepsilon.coding;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;

/**
 * The file of a coded message: a header that says what the decoder needs to know, and the coder's output.
 *
 * <pre>
 * 8 bytes  89 56 45 50 53 0D 0A 1A
 * 4 bytes  version of the format, 1
 * 4 bytes  length of the header, h
 * 4 bytes  length of the payload, p
 * h bytes  header, UTF-8 text
 * p bytes  payload
 * 4 bytes  CRC-32C of everything before
 * </pre>
 *
 * Numbers have their high byte first. The checksum finds any change of up to 32 bits in a row with certainty, and any
 * other with a probability of 1 − 2⁻³².
 *
 * @param header text, in whatever form its reader expects
 * @param payload not copied
 */
public record CodedFile(String header, byte[] payload) {
    private static final byte[] MAGIC = {(byte) 0x89, 'V', 'E', 'P', 'S', '\r', '\n', 0x1A};
    private static final int VERSION = 1;
    private static final int PRELUDE_BYTES = MAGIC.length + 3 * Integer.BYTES;
    private static final int CHECKSUM_BYTES = Integer.BYTES;

    /**
     * Reads a file whole, no more of it than it says it has.
     *
     * @throws InputException naming the file, where it is not one of these, of another version, truncated, too long or
     *     altered
     */
    public static CodedFile read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": " + (Files.exists(file) ? "not a file" : "no such file")
                    + "; expected a compressed file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] prelude = in.readNBytes(PRELUDE_BYTES);
            if (!startsAsOne(prelude)) {
                throw new InputException(file + ": not a compressed file of this program; it begins otherwise");
            }
            if (prelude.length < PRELUDE_BYTES) {
                throw truncated(file, prelude.length, "at least " + (PRELUDE_BYTES + CHECKSUM_BYTES));
            }
            return read(file, prelude, in);
        }
    }

    private static boolean startsAsOne(byte[] prelude) {
        return prelude.length >= MAGIC.length && Arrays.equals(prelude, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    private static CodedFile read(Path file, byte[] prelude, InputStream in) throws IOException {
        ByteBuffer numbers = ByteBuffer.wrap(prelude).position(MAGIC.length);
        int version = numbers.getInt();
        if (version != VERSION) {
            throw new InputException(file + ": version " + Integer.toUnsignedString(version)
                    + " of the format; this program reads version " + VERSION
                    + "; decompress it with the program that wrote it");
        }
        long headerBytes = Integer.toUnsignedLong(numbers.getInt());
        long payloadBytes = Integer.toUnsignedLong(numbers.getInt());
        long expected = PRELUDE_BYTES + headerBytes + payloadBytes + CHECKSUM_BYTES;
        long found = Files.size(file);
        if (found < expected) {
            throw truncated(file, found, Long.toString(expected));
        }
        if (found > expected) {
            throw new InputException(file + ": " + found + " bytes; expected " + expected
                    + ": something follows its end, or it is altered; compress the images again");
        }
        if (expected > Integer.MAX_VALUE - Long.BYTES) {
            throw new InputException(file + ": " + expected + " bytes; expected less than 2 GB");
        }
        byte[] rest = in.readNBytes((int) (expected - PRELUDE_BYTES));
        if (rest.length < expected - PRELUDE_BYTES) {
            throw truncated(file, PRELUDE_BYTES + rest.length, Long.toString(expected));
        }
        int end = rest.length - CHECKSUM_BYTES;
        if (ByteBuffer.wrap(rest).getInt(end) != checksum(prelude, rest, end)) {
            throw new InputException(
                    file + ": altered or damaged: its checksum differs; copy it again, or compress the images again");
        }
        byte[] payload = Arrays.copyOfRange(rest, (int) headerBytes, end);
        return new CodedFile(text(file, ByteBuffer.wrap(rest, 0, (int) headerBytes)), payload);
    }

    private static String text(Path file, ByteBuffer header) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(header).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": its header is not UTF-8 text; compress the images again", e);
        }
    }

    private static InputException truncated(Path file, long found, String expected) {
        return new InputException(file + ": truncated: " + found + " bytes; expected " + expected
                + "; copy it again, or compress the images again");
    }

    private static int checksum(byte[] prelude, byte[] rest, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(prelude);
        checksum.update(rest, 0, length);
        return (int) checksum.getValue();
    }

    /** Replaces a file by this one. */
    public void write(Path file) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        byte[] prelude = ByteBuffer.allocate(PRELUDE_BYTES)
                .put(MAGIC)
                .putInt(VERSION)
                .putInt(text.length)
                .putInt(payload.length)
                .array();
        byte[] rest = ByteBuffer.allocate(bytesAfterPrelude(text))
                .put(text)
                .put(payload)
                .array();
        int end = rest.length - CHECKSUM_BYTES;
        ByteBuffer.wrap(rest).putInt(end, checksum(prelude, rest, end));
        AtomicFile.write(file, out -> {
            out.write(prelude);
            out.write(rest);
        });
    }

    private int bytesAfterPrelude(byte[] text) {
        return Math.addExact(Math.addExact(text.length, payload.length), CHECKSUM_BYTES);
    }

    /** The length of the file in bytes. */
    public long bytes() {
        return PRELUDE_BYTES + (long) bytesAfterPrelude(header.getBytes(StandardCharsets.UTF_8));
    }
}
