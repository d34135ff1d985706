package varepsilon.data;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import varepsilon.base.InputException;

/**
 * The content of a file, unpacked where it is gzip (RFC 1952, told by its first bytes, not by its name), read once from
 * start to end. The JDK's own gzip stream silently ignores what follows the packed data; here that is an error, because
 * a data file with something behind it is not the file that was published.
 */
final class FileContent implements Closeable {
    /** Deflate codes at most 258 bytes in two bits (RFC 1951, 3.2.5). */
    private static final long MAX_DEFLATE_RATIO = 1032;

    private static final int MAX_HEADER_BYTES = 1 << 16;
    private static final int FHCRC = 2;
    private static final int FEXTRA = 4;
    private static final int FNAME = 8;
    private static final int FCOMMENT = 16;
    private static final int TRAILER_BYTES = 8;

    private final Path file;
    private final FileChannel channel;
    private final InputStream in;
    /** Null for a file that is not packed. */
    private final Inflater inflater;

    private final CRC32 crc = new CRC32();
    private final long packedStart;
    private long unpacked;

    private FileContent(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        InputStream raw = Channels.newInputStream(channel);
        byte[] head = raw.readNBytes(2);
        if (head.length == 2 && head[0] == 0x1f && (head[1] & 0xff) == 0x8b) {
            packedStart = skipGzipHeader(raw);
            inflater = new Inflater(true);
            in = new InflaterInputStream(raw, inflater, 1 << 16);
        } else {
            channel.position(0);
            packedStart = 0;
            inflater = null;
            in = raw;
        }
    }

    /**
     * Opens a file at its start.
     *
     * @throws IOException where it cannot be opened
     * @throws InputException for a folder, or a damaged gzip header
     */
    static FileContent open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected a file");
        }
        FileChannel channel = FileChannel.open(file);
        try {
            return new FileContent(file, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * No more content than this can come; exact for a file that is not packed. For checks before memory is allocated.
     */
    long atMost() throws IOException {
        return inflater == null ? channel.size() : Math.multiplyExact(channel.size(), MAX_DEFLATE_RATIO);
    }

    /**
     * Fills {@code bytes} with what comes next, as far as there is any.
     *
     * @return how many bytes came: fewer than asked for only at the end
     * @throws InputException where the packed data are damaged or cut off
     */
    int read(byte[] bytes) throws IOException {
        int count;
        try {
            count = in.readNBytes(bytes, 0, bytes.length);
        } catch (EOFException e) {
            throw new InputException(
                    file + ": cut off: the gzip data break off after " + channel.size() + " bytes; " + Idx.REMEDY, e);
        } catch (ZipException e) {
            throw new InputException(file + ": damaged gzip data (" + e.getMessage() + "); " + Idx.REMEDY, e);
        }
        crc.update(bytes, 0, count);
        unpacked += count;
        return count;
    }

    /**
     * Checks that all content has been read, that it is what was packed, and that the file ends there.
     *
     * @throws InputException where it does not
     */
    void expectEnd() throws IOException {
        if (read(new byte[1]) > 0) {
            throw new InputException(file + ": has more content than the " + (unpacked - 1)
                    + " bytes stated in its header; " + Idx.REMEDY);
        }
        if (inflater == null) {
            return;
        }
        long packedEnd = packedStart + inflater.getBytesRead();
        ByteBuffer trailer = ByteBuffer.allocate(TRAILER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (trailer.hasRemaining() && channel.read(trailer, packedEnd + trailer.position()) >= 0) {}
        if (trailer.hasRemaining()) {
            throw new InputException(file + ": cut off within the last " + TRAILER_BYTES + " bytes; " + Idx.REMEDY);
        }
        if (trailer.getInt(0) != (int) crc.getValue() || trailer.getInt(4) != (int) unpacked) {
            throw new InputException(file + ": damaged: the gzip checksum does not fit the content; " + Idx.REMEDY);
        }
        long surplus = channel.size() - packedEnd - TRAILER_BYTES;
        if (surplus > 0) {
            throw new InputException(
                    file + ": " + surplus + " bytes too many behind the end of the gzip data; " + Idx.REMEDY);
        }
    }

    @Override
    public void close() throws IOException {
        if (inflater != null) {
            inflater.end();
        }
        channel.close();
    }

    /** Reads the gzip header from its third byte on and returns where the packed data start. */
    private long skipGzipHeader(InputStream raw) throws IOException {
        byte[] fixed = raw.readNBytes(8);
        if (fixed.length < 8 || fixed[0] != 8) {
            throw damagedHeader();
        }
        int flags = fixed[1];
        if ((flags & FEXTRA) != 0) {
            byte[] length = raw.readNBytes(2);
            if (length.length < 2) {
                throw damagedHeader();
            }
            raw.skipNBytes((length[0] & 0xff) | (length[1] & 0xff) << 8);
        }
        for (int text : new int[] {FNAME, FCOMMENT}) {
            if ((flags & text) != 0) {
                skipText(raw);
            }
        }
        if ((flags & FHCRC) != 0) {
            raw.skipNBytes(2);
        }
        return channel.position();
    }

    private void skipText(InputStream raw) throws IOException {
        for (int i = 0; i < MAX_HEADER_BYTES; i++) {
            int letter = raw.read();
            if (letter == 0) {
                return;
            }
            if (letter < 0) {
                throw damagedHeader();
            }
        }
        throw damagedHeader();
    }

    private InputException damagedHeader() {
        return new InputException(file + ": starts like gzip but has no whole gzip header; " + Idx.REMEDY);
    }
}
