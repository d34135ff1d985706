package varepsilon.weights;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import varepsilon.base.InputException;
import varepsilon.weights.PickleReader.Storage;

/** The zip archive of {@code torch.save}: one folder with {@code data.pkl} and {@code data/KEY}, a file a storage. */
final class TorchArchive implements Closeable {
    private static final String PICKLE = "data.pkl";
    private static final int MAX_PICKLE_BYTES = 16 << 20;
    private static final int MAX_BYTE_ORDER_BYTES = 16;
    private static final int MAX_STORAGE_BYTES = Integer.MAX_VALUE - 8;
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_]{1,64}");

    private final WeightFile file;
    private final ZipFile zip;
    private final String folder;

    private TorchArchive(WeightFile file, ZipFile zip, String folder) {
        this.file = file;
        this.zip = zip;
        this.folder = folder;
    }

    /**
     * Opens the archive and finds its folder.
     *
     * @throws InputException where it is no zip archive, or none of a state dict
     */
    static TorchArchive open(WeightFile file) throws IOException {
        ZipFile zip;
        try {
            zip = new ZipFile(file.path().toFile());
        } catch (ZipException e) {
            throw file.refused("a damaged zip archive, or a truncated one: " + e.getMessage(), e);
        }
        try {
            TorchArchive archive = new TorchArchive(file, zip, folder(file, zip));
            archive.checkKind();
            return archive;
        } catch (IOException | RuntimeException e) {
            zip.close();
            throw e;
        }
    }

    private static String folder(WeightFile file, ZipFile zip) {
        List<String> pickles;
        try {
            pickles = zip.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith("/" + PICKLE) && name.indexOf('/') == name.lastIndexOf('/'))
                    .toList();
        } catch (IllegalArgumentException e) {
            // The JDK's complaint about a name that is not UTF-8.
            throw file.refused("a damaged zip archive: an entry has a broken name", e);
        }
        if (pickles.size() != 1) {
            throw file.refused("a zip archive with " + pickles.size() + " entries FOLDER/" + PICKLE
                    + "; expected one, as torch.save writes it");
        }
        return pickles.get(0).substring(0, pickles.get(0).indexOf('/') + 1);
    }

    private void checkKind() throws IOException {
        if (zip.getEntry(folder + "constants.pkl") != null) {
            throw file.refused("a TorchScript program, not a state dict; in Python, torch.save its state_dict()");
        }
        ZipEntry order = zip.getEntry(folder + "byteorder");
        if (order != null) {
            String name = StandardCharsets.US_ASCII
                    .decode(read(order, MAX_BYTE_ORDER_BYTES))
                    .toString()
                    .strip();
            if (!name.equals("little")) {
                throw file.refused("byte order " + WeightFile.quote(name) + "; only 'little' can be read");
            }
        }
    }

    /** The pickle that lists the tensors. */
    ByteBuffer pickle() throws IOException {
        return read(entry(PICKLE), MAX_PICKLE_BYTES);
    }

    /** Bytes that the storage takes, as the archive and the pickle agree. */
    int bytes(Storage storage) {
        long found = storageEntry(storage).getSize();
        long elements = storage.elements();
        if (found > MAX_STORAGE_BYTES) {
            throw file.refused("storage " + storage.key() + " has " + found + " bytes; at most 2 GB can be read");
        }
        if (elements < 0 || elements > found || elements * storage.dtype().bytes() != found) {
            throw file.refused("storage " + storage.key() + " has " + found + " bytes; expected " + elements + " of "
                    + storage.dtype());
        }
        return (int) found;
    }

    /** The little-endian elements of a storage. */
    ByteBuffer read(Storage storage) throws IOException {
        return read(storageEntry(storage), bytes(storage));
    }

    private ZipEntry storageEntry(Storage storage) {
        if (!KEY.matcher(storage.key()).matches()) {
            throw file.refused("a storage called " + WeightFile.quote(storage.key()) + "; expected a number");
        }
        return entry("data/" + storage.key());
    }

    private ZipEntry entry(String name) {
        ZipEntry entry = zip.getEntry(folder + name);
        if (entry == null || entry.isDirectory()) {
            throw file.refused("the archive has no entry " + folder + name + "; it is incomplete");
        }
        return entry;
    }

    /** Reads a whole entry of at most {@code limit} bytes, and checks its checksum, which the JDK does not. */
    private ByteBuffer read(ZipEntry entry, int limit) throws IOException {
        long size = entry.getSize();
        boolean stored = entry.getMethod() == ZipEntry.STORED;
        if (size < 0 || size > limit || (stored && size != entry.getCompressedSize())) {
            throw file.refused("entry " + entry.getName() + " has " + size + " bytes; expected at most " + limit);
        }
        if (entry.getCompressedSize() > file.path().toFile().length()) {
            throw file.refused("entry " + entry.getName() + " is larger than the file");
        }
        ByteBuffer content = ByteBuffer.allocateDirect((int) size);
        try (ReadableByteChannel in = Channels.newChannel(zip.getInputStream(entry))) {
            while (content.hasRemaining() && in.read(content) >= 0) {
                // Until full or at the end.
            }
            if (content.hasRemaining() || in.read(ByteBuffer.allocate(1)) > 0) {
                throw file.refused("entry " + entry.getName() + " is not as long as stated in the archive, " + size);
            }
        } catch (ZipException | EOFException e) {
            throw file.refused("entry " + entry.getName() + " is damaged: its bytes cannot be read", e);
        }
        content.flip();
        CRC32 checksum = new CRC32();
        checksum.update(content.duplicate());
        if (checksum.getValue() != entry.getCrc()) {
            throw file.refused("entry " + entry.getName() + " is damaged: its checksum differs");
        }
        return content.order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }
}
