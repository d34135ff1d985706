package varepsilon.data;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/**
 * Arrays of numbers as NumPy saves them: one in a {@code .npy} file, several by name in the {@code .npz} archive of
 * {@code numpy.savez} and {@code savez_compressed}. Formats 1.0 to 3.0 of {@code numpy.lib.format}, both orders of
 * bytes and of dimensions. Arrays of Python objects, which are programs, and of records are refused.
 */
public final class NumpyFile implements Closeable {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final byte[] ZIP_MAGIC = {'P', 'K', 3, 4};
    private static final int MAX_ARRAYS = 1000;
    private static final int MAX_HEADER_BYTES = 1 << 16;
    private static final int MAX_DIMENSIONS = 32;
    private static final long MAX_BYTES = Integer.MAX_VALUE - 8L;
    private static final int SHOWN_LENGTH = 80;
    private static final int ALIGNMENT = 64;
    private static final String ENDING = ".npy";
    /** Deflate codes at most 258 bytes in two bits (RFC 1951, 3.2.5). */
    private static final long MAX_DEFLATE_RATIO = 1032;

    /** What the array of a {@code .npy} file is called. */
    static final String ONLY = "array";

    private static final Pattern ENTRY =
            Pattern.compile("\\G\\s*'(descr|fortran_order|shape)'\\s*:\\s*('[^'\\\\]*'|True|False|\\([\\d,L"
                    + " ]*\\)|\\[[^\\]]*\\])\\s*(,|$)\\s*");
    private static final Pattern TYPE = Pattern.compile("'([<>|=]?)([a-zA-Z]\\d*)'");
    private static final Map<String, DType> TYPES = Map.of(
            "f2", DType.FLOAT16,
            "f4", DType.FLOAT32,
            "f8", DType.FLOAT64,
            "i1", DType.INT8,
            "i2", DType.INT16,
            "i4", DType.INT32,
            "i8", DType.INT64,
            "u1", DType.UINT8,
            "b1", DType.BOOL);

    /**
     * The header of an array.
     *
     * @param type as NumPy writes it, such as {@code <f4}, in quotes
     * @param columnsFirst whether the first dimension runs fastest (Fortran's order)
     * @param shape its sizes
     * @param start where its numbers begin, in bytes
     */
    public record Header(String type, boolean columnsFirst, List<Long> shape, int start) {
        /** As messages have it: {@code '<f4' 60×3×32×32}. */
        @Override
        public String toString() {
            return type + " " + shape.stream().map(String::valueOf).collect(Collectors.joining("×"));
        }
    }

    /** Bytes that may be read again and again. */
    private interface Source {
        InputStream open() throws IOException;
    }

    /** Where an array is; {@code checksum} negative where there is none. */
    private record Stored(Source source, long bytes, long checksum, Header header) {}

    private final Path path;
    private final ZipFile zip;
    private final Map<String, Stored> arrays = new LinkedHashMap<>();

    private NumpyFile(Path path, ZipFile zip) {
        this.path = path;
        this.zip = zip;
    }

    /** Whether a file begins as one of these, or as another zip archive. */
    public static boolean looksLikeOne(Path path) throws IOException {
        byte[] start = start(path);
        return starts(start, MAGIC) || starts(start, ZIP_MAGIC);
    }

    private static byte[] start(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(MAGIC.length);
        }
    }

    private static boolean starts(byte[] bytes, byte[] magic) {
        return bytes.length >= magic.length && Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
    }

    /**
     * Opens a file and reads what its arrays are, not their numbers.
     *
     * @throws InputException where it is neither format, or is damaged
     * @throws IOException on an I/O error
     */
    public static NumpyFile open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw refused(path, "no such file; expected a .npy or .npz file", null);
        }
        byte[] start = start(path);
        if (starts(start, MAGIC)) {
            NumpyFile file = new NumpyFile(path, null);
            file.add(ONLY, () -> Files.newInputStream(path), Files.size(path), -1);
            return file;
        }
        if (!starts(start, ZIP_MAGIC)) {
            throw refused(
                    path, "not a file of NumPy; expected .npy or .npz, as numpy.save and numpy.savez write them", null);
        }
        return openArchive(path);
    }

    private static NumpyFile openArchive(Path path) throws IOException {
        ZipFile zip;
        try {
            zip = new ZipFile(path.toFile());
        } catch (ZipException e) {
            throw refused(path, "a damaged .npz archive, or a truncated one: " + e.getMessage(), e);
        }
        NumpyFile file = new NumpyFile(path, zip);
        try {
            List<? extends ZipEntry> entries = file.entries();
            if (entries.isEmpty()) {
                throw refused(path, "a zip archive without arrays NAME.npy; expected one of numpy.savez", null);
            }
            for (ZipEntry entry : entries) {
                String name = entry.getName().substring(0, entry.getName().length() - ENDING.length());
                // Its size is what the archive says; that its packed bytes are in the file is not certain either.
                long packed = Math.min(entry.getCompressedSize(), Files.size(path));
                if (entry.getSize() > packed * MAX_DEFLATE_RATIO) {
                    throw refused(
                            path,
                            quoted(name) + " is damaged: " + packed + " bytes cannot unpack to " + entry.getSize(),
                            null);
                }
                file.add(name, () -> zip.getInputStream(entry), entry.getSize(), entry.getCrc());
            }
            return file;
        } catch (IOException | RuntimeException e) {
            zip.close();
            throw e;
        }
    }

    private List<? extends ZipEntry> entries() {
        if (zip.size() > MAX_ARRAYS) {
            throw refused(path, zip.size() + " entries; expected at most " + MAX_ARRAYS, null);
        }
        try {
            return zip.stream()
                    .filter(entry -> entry.getName().endsWith(ENDING))
                    .toList();
        } catch (IllegalArgumentException e) {
            // The JDK's exception for a name that is not UTF-8.
            throw refused(path, "a damaged archive: an entry has a broken name", e);
        }
    }

    private void add(String name, Source source, long bytes, long checksum) throws IOException {
        try (InputStream in = source.open()) {
            arrays.put(name, new Stored(source, bytes, checksum, header(name, in)));
        } catch (ZipException | EOFException e) {
            throw damaged(name, e);
        }
    }

    private Header header(String name, InputStream in) throws IOException {
        ByteBuffer start = littleEndian(in, MAGIC.length + 2);
        byte[] magic = new byte[MAGIC.length];
        start.get(magic);
        int version = start.get();
        if (!starts(magic, MAGIC) || version < 1 || version > 3) {
            throw refused(path, quoted(name) + " is no array of NumPy's formats 1.0 to 3.0", null);
        }
        int sizeBytes = version == 1 ? Short.BYTES : Integer.BYTES;
        ByteBuffer size = littleEndian(in, sizeBytes);
        long length = version == 1 ? Short.toUnsignedInt(size.getShort()) : Integer.toUnsignedLong(size.getInt());
        if (length > MAX_HEADER_BYTES) {
            throw refused(
                    path,
                    quoted(name) + " has a header of " + length + " bytes; expected at most " + MAX_HEADER_BYTES,
                    null);
        }
        Charset charset = version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
        String text = charset.decode(littleEndian(in, (int) length)).toString();
        return parse(name, text, MAGIC.length + 2 + sizeBytes + (int) length);
    }

    private static ByteBuffer littleEndian(InputStream in, int bytes) throws IOException {
        byte[] read = in.readNBytes(bytes);
        if (read.length < bytes) {
            throw new EOFException();
        }
        return ByteBuffer.wrap(read).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A Python dictionary of the three keys, each once. */
    private Header parse(String name, String text, int start) {
        String dictionary = text.strip();
        Map<String, String> values = new LinkedHashMap<>();
        if (dictionary.startsWith("{") && dictionary.endsWith("}")) {
            String inner = dictionary.substring(1, dictionary.length() - 1);
            Matcher matcher = ENTRY.matcher(inner);
            int end = 0;
            while (end < inner.length() && matcher.find()) {
                values.put(matcher.group(1), matcher.group(2));
                end = matcher.end();
            }
            if (end < inner.length()) {
                values.clear();
            }
        }
        if (!values.keySet().equals(Set.of("descr", "fortran_order", "shape"))
                || !Set.of("True", "False").contains(values.get("fortran_order"))
                || !values.get("shape").startsWith("(")) {
            throw refused(
                    path,
                    quoted(name) + " has the header " + quoted(text.strip()) + ", which is none of NumPy's",
                    null);
        }
        return new Header(
                shortened(values.get("descr")),
                values.get("fortran_order").equals("True"),
                shape(name, values.get("shape")),
                start);
    }

    private List<Long> shape(String name, String tuple) {
        List<String> sizes = Arrays.stream(
                        tuple.substring(1, tuple.length() - 1).split(","))
                .map(size -> size.strip().replaceFirst("L$", ""))
                .filter(size -> !size.isEmpty())
                .toList();
        if (sizes.size() > MAX_DIMENSIONS || sizes.stream().anyMatch(size -> !size.matches("\\d{1,18}"))) {
            throw refused(path, quoted(name) + " has the shape " + quoted(tuple) + ", which is none", null);
        }
        return sizes.stream().map(Long::valueOf).toList();
    }

    /** What the arrays are, by name, in the file's order; the one of a {@code .npy} file is called {@code array}. */
    public Map<String, Header> arrays() {
        Map<String, Header> headers = new LinkedHashMap<>();
        arrays.forEach((name, stored) -> headers.put(name, stored.header));
        return Collections.unmodifiableMap(headers);
    }

    /**
     * Reads an array into the open scope.
     *
     * @throws InputException where it is damaged, larger than 2 GB, or none of numbers
     * @throws IOException on an I/O error
     */
    public Tensor read(String name) throws IOException {
        Stored stored = arrays.get(name);
        if (stored == null) {
            throw new IllegalArgumentException(path + ": no array " + quoted(name) + " among " + arrays.keySet());
        }
        Header header = stored.header;
        Matcher type = TYPE.matcher(header.type);
        DType dtype = type.matches() ? TYPES.get(type.group(2)) : null;
        if (dtype == null || (type.group(1).equals("|") && dtype.bytes() > 1)) {
            String why = header.type.matches("'\\|?O\\d*'") ? " (Python objects, which are programs)" : "";
            throw refused(
                    path,
                    quoted(name) + " is of type " + header.type + why
                            + "; expected numbers: uint8, int8 to int64, float16 to float64",
                    null);
        }
        long[] shape = header.shape.stream().mapToLong(Long::longValue).toArray();
        long bytes = bytes(name, dtype, shape);
        if (stored.bytes != header.start + bytes) {
            throw refused(
                    path,
                    quoted(name) + " is damaged: " + header + " takes " + (header.start + bytes)
                            + " bytes, but there are " + stored.bytes,
                    null);
        }
        ByteBuffer content = content(name, stored, (int) bytes);
        if (type.group(1).equals(">")) {
            swap(content, dtype.bytes());
        }
        if (!header.columnsFirst) {
            return Tensor.ofRaw(content, dtype, shape);
        }
        int last = shape.length - 1;
        long[] reversed = LongStream.rangeClosed(0, last)
                .map(i -> shape[(int) (last - i)])
                .toArray();
        return Tensor.ofRaw(content, dtype, reversed)
                .permute(LongStream.rangeClosed(0, last).map(i -> last - i).toArray());
    }

    private long bytes(String name, DType dtype, long[] shape) {
        long bytes = dtype.bytes();
        for (long size : shape) {
            // Sizes are below 10^18 and the product so far below 2^31.
            if (size > MAX_BYTES / Math.max(1, bytes)) {
                throw refused(path, quoted(name) + " has more than 2 GB; expected fewer images, or uint8", null);
            }
            bytes *= size;
        }
        return bytes;
    }

    private ByteBuffer content(String name, Stored stored, int bytes) throws IOException {
        ByteBuffer content = allocate(name, bytes);
        CRC32 checksum = new CRC32();
        try (InputStream in = new CheckedInputStream(stored.source.open(), checksum);
                ReadableByteChannel channel = Channels.newChannel(in)) {
            in.skipNBytes(stored.header.start);
            while (content.hasRemaining() && channel.read(content) >= 0) {
                // Until full or at the end.
            }
            if (content.hasRemaining() || in.read() >= 0) {
                throw new EOFException();
            }
        } catch (ZipException | EOFException e) {
            throw damaged(name, e);
        }
        if (stored.checksum >= 0 && checksum.getValue() != stored.checksum) {
            throw refused(path, quoted(name) + " is damaged: its checksum differs", null);
        }
        return content.flip();
    }

    private ByteBuffer allocate(String name, int bytes) {
        try {
            return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        } catch (OutOfMemoryError e) {
            long heap = Runtime.getRuntime().maxMemory() >> 20;
            throw refused(
                    path,
                    quoted(name) + " has " + (bytes >> 20) + " MiB, too many for Java's " + heap
                            + " MiB of memory: raise -Xmx",
                    e);
        }
    }

    private static void swap(ByteBuffer content, int size) {
        for (int at = 0; at < content.limit(); at += size) {
            for (int i = 0; i < size / 2; i++) {
                byte first = content.get(at + i);
                content.put(at + i, content.get(at + size - 1 - i));
                content.put(at + size - 1 - i, first);
            }
        }
    }

    /**
     * Replaces a file by an array of bytes, 0 to 255, in format 1.0 and row-major order: what {@code numpy.save} writes.
     *
     * @throws IllegalArgumentException where the values do not fill the shape exactly
     */
    public static void write(Path path, byte[] values, long... shape) throws IOException {
        long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (count != values.length) {
            throw new IllegalArgumentException(values.length + " values for shape " + Arrays.toString(shape));
        }
        String sizes = Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", "));
        String tuple = "(" + sizes + (shape.length == 1 ? ",)" : ")");
        String header = "{'descr': '|u1', 'fortran_order': False, 'shape': " + tuple + ", }";
        int before = MAGIC.length + 2 + Short.BYTES;
        // The format has spaces and a line break, so that the numbers begin at a multiple of 64 bytes.
        int length = (before + header.length() + ALIGNMENT) / ALIGNMENT * ALIGNMENT - before;
        ByteBuffer start = ByteBuffer.allocate(before + length).order(ByteOrder.LITTLE_ENDIAN);
        start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) length);
        String padded = header + " ".repeat(length - header.length() - 1) + "\n";
        start.put(padded.getBytes(StandardCharsets.US_ASCII));
        AtomicFile.write(path, out -> {
            out.write(start.array());
            out.write(values);
        });
    }

    private InputException damaged(String name, IOException cause) {
        return refused(path, quoted(name) + " is damaged, or truncated", cause);
    }

    private static String quoted(String text) {
        return "'" + shortened(text) + "'";
    }

    private static String shortened(String text) {
        return text.length() > SHOWN_LENGTH ? text.substring(0, SHOWN_LENGTH) + "…" : text;
    }

    private static InputException refused(Path path, String why, Throwable cause) {
        // Names in the file may hold line breaks and terminal controls.
        return new InputException((path + ": " + why).replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " "), cause);
    }

    @Override
    public void close() throws IOException {
        if (zip != null) {
            zip.close();
        }
    }
}
