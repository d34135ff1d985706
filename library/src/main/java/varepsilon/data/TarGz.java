package varepsilon.data;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;

/**
 * A published {@code .tar.gz} from which known files are extracted, by name, size and SHA-256. Other entries are
 * ignored, so the archive does not decide which files are written.
 */
final class TarGz implements Closeable {
    /** Bytes allowed for other content: tar's own blocks, read-me files, lists of names. */
    private static final long MAX_OTHER_BYTES = 1 << 22;

    private final Path archive;
    private final TarArchiveInputStream tar;

    private TarGz(Path archive, InputStream unpacked) {
        this.archive = archive;
        this.tar = new TarArchiveInputStream(unpacked);
    }

    /**
     * Writes files of an archive to their places in the data folder, each whole or not at all.
     *
     * @param requested their paths in the archive, which are those in the data folder, and what they must be
     * @throws InputException where the archive is damaged or cut off, unpacks to far more than expected, holds links or
     *     paths that lead out of it, or does not hold a requested file as it must be
     * @throws IOException where the data folder cannot be written
     */
    static void extract(Path archive, List<DataFile> requested, Path dataDir) throws IOException {
        long limit =
                MAX_OTHER_BYTES + requested.stream().mapToLong(DataFile::bytes).sum();
        try (InputStream packed = new BufferedInputStream(Files.newInputStream(archive));
                TarGz open = new TarGz(archive, new Limited(archive, unpack(archive, packed), limit))) {
            open.extract(requested, dataDir);
        }
    }

    private static InputStream unpack(Path archive, InputStream packed) {
        try {
            return new GZIPInputStream(packed, 1 << 16);
        } catch (IOException e) {
            throw damaged(archive, e);
        }
    }

    private void extract(List<DataFile> requested, Path dataDir) throws IOException {
        Map<String, DataFile> missing = new LinkedHashMap<>();
        requested.forEach(file -> missing.put(file.path(), file));
        for (TarArchiveEntry entry = next(); entry != null && !missing.isEmpty(); entry = next()) {
            requireHarmless(entry);
            DataFile file = missing.remove(entry.getName());
            if (file != null) {
                write(entry, file, dataDir);
            }
        }
        if (!missing.isEmpty()) {
            throw new InputException(
                    archive + ": does not hold " + String.join(", ", missing.keySet()) + "; " + Idx.REMEDY);
        }
    }

    private void write(TarArchiveEntry entry, DataFile file, Path dataDir) throws IOException {
        if (entry.isDirectory() || entry.getSize() != file.bytes()) {
            throw refused(entry, "has " + entry.getSize() + " bytes; expected " + file.bytes());
        }
        AtomicFile.write(file.in(dataDir), out -> {
            MessageDigest digest = Checksums.newSha256();
            byte[] buffer = new byte[1 << 16];
            for (int n = read(buffer); n >= 0; n = read(buffer)) {
                digest.update(buffer, 0, n);
                out.write(buffer, 0, n);
            }
            String sha256 = HexFormat.of().formatHex(digest.digest());
            if (!sha256.equals(file.sha256())) {
                throw refused(entry, "has the SHA-256 " + sha256 + "; expected " + file.sha256());
            }
        });
    }

    private void requireHarmless(TarArchiveEntry entry) {
        byte type = entry.getLinkFlag();
        boolean plain = type == TarConstants.LF_NORMAL || type == TarConstants.LF_OLDNORM;
        if ((!plain && type != TarConstants.LF_DIR) || entry.isSparse()) {
            throw refused(entry, "is neither a plain file nor a folder");
        }
        String name = entry.getName();
        if (name.startsWith("/") || Arrays.asList(name.split("/")).contains("..")) {
            throw refused(entry, "leads out of the archive");
        }
    }

    private TarArchiveEntry next() {
        try {
            return tar.getNextEntry();
        } catch (IOException e) {
            throw damaged(archive, e);
        }
    }

    private int read(byte[] buffer) {
        try {
            return tar.read(buffer);
        } catch (IOException e) {
            throw damaged(archive, e);
        }
    }

    private InputException refused(TarArchiveEntry entry, String why) {
        String printable = entry.getName().replaceAll("\\p{Cntrl}", "?");
        return new InputException(archive + ": '" + printable + "' " + why + "; " + Idx.REMEDY);
    }

    private static InputException damaged(Path archive, IOException e) {
        return new InputException(archive + ": damaged or cut off (" + e.getMessage() + "); " + Idx.REMEDY, e);
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }

    /** Limits the unpacked size of an archive. */
    private static final class Limited extends FilterInputStream {
        private final Path archive;
        private final long limit;
        private long count;

        Limited(Path archive, InputStream in, long limit) {
            super(in);
            this.archive = archive;
            this.limit = limit;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count(read);
            return read;
        }

        @Override
        public long skip(long bytes) throws IOException {
            long skipped = super.skip(bytes);
            count(skipped);
            return skipped;
        }

        private void count(long more) {
            count += Math.max(0, more);
            if (count > limit) {
                throw new InputException(
                        archive + ": unpacks to more than the expected " + limit + " bytes; " + Idx.REMEDY);
            }
        }
    }
}
