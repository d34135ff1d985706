package varepsilon.report;

import java.awt.image.BufferedImage;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A TensorBoard event file ({@code events.out.tfevents.<seconds>.<host>.<number>}): scalars, pictures, texts and
 * hyper-parameters of one run. Each record is handed to the operating system as it is written, so that all events of a
 * killed process are readable.
 *
 * <p>A run that is resumed writes a new file in the same folder ({@link #resume}); TensorBoard reads the files of a
 * folder, in the order of their names, as one run. One process writes one run at a time. Safe for use by several
 * threads.
 *
 * <p>Format: TFRecord framing (length, masked CRC-32C of it, data, masked CRC-32C of it) around the messages of
 * TensorFlow's event.proto and summary.proto.
 */
public final class EventFile implements Closeable {
    private static final Pattern NAME = Pattern.compile("events\\.out\\.tfevents\\.(\\d{10})\\..*");
    private static final int CLASS_TENSOR = 2;
    private static final int COLOURSPACE_RGB = 3;
    private static final int DT_FLOAT = 1;
    private static final int DT_STRING = 7;
    private static final int SESSION_START = 1;

    private final Path path;
    private final RandomAccessFile file;
    private final Clock clock;

    private EventFile(Path path, RandomAccessFile file, Clock clock) {
        this.path = path;
        this.file = file;
        this.clock = clock;
    }

    /** Starts the event file of a new run in a folder, which is made if missing. */
    public static EventFile create(Path folder, Clock clock) throws IOException {
        Files.createDirectories(folder);
        Path path = newFile(folder, clock);
        // Not a FileChannel: an interrupt of the writing thread would close it.
        EventFile events = new EventFile(path, new RandomAccessFile(path.toFile(), "rw"), clock);
        events.writeOrClose(events.event(0).string(3, "brain.Event:2"));
        return events;
    }

    /**
     * Carries on a run: starts a further event file in its folder, and makes TensorBoard discard an earlier file's
     * events from {@code firstStep} on (the steps between the last checkpoint and the kill, which run again).
     */
    public static EventFile resume(Path folder, Clock clock, long firstStep) throws IOException {
        EventFile events = create(folder, clock);
        events.writeOrClose(events.event(firstStep).message(7, new ProtoMessage().varint(1, SESSION_START)));
        return events;
    }

    /** The file being written. */
    public Path path() {
        return path;
    }

    /** Writes one value of the series {@code tag}; a NaN is shown as such. */
    public void scalar(String tag, long step, double value) throws IOException {
        scalars(step, Map.of(tag, value));
    }

    /** Writes one value each of several series at one step. */
    public void scalars(long step, Map<String, ? extends Number> values) throws IOException {
        ProtoMessage summary = new ProtoMessage();
        values.forEach((tag, value) -> summary.message(1, value(tag).float32(2, value.floatValue())));
        write(event(step).message(5, summary));
    }

    /** Writes a picture of the series {@code tag}. */
    public void image(String tag, long step, BufferedImage picture) throws IOException {
        ProtoMessage image = new ProtoMessage()
                .varint(1, picture.getHeight())
                .varint(2, picture.getWidth())
                .varint(3, COLOURSPACE_RGB)
                .bytes(4, Png.encode(picture));
        write(event(step).message(5, new ProtoMessage().message(1, value(tag).message(4, image))));
    }

    /** Writes a text in Markdown, such as a configuration. */
    public void text(String tag, long step, String markdown) throws IOException {
        ProtoMessage tensor = new ProtoMessage().varint(1, DT_STRING).string(8, markdown);
        ProtoMessage plugin = new ProtoMessage().string(1, "text");
        write(event(step).message(5, new ProtoMessage().message(1, tensorValue(tag, plugin, tensor))));
    }

    /**
     * Writes the hyper-parameters of this run: numbers, truth values and texts by name. The HPARAMS tab lists a run
     * from then on, with its last value of every scalar.
     */
    public void sessionStart(Map<String, ?> hyperParameters) throws IOException {
        hyperParameters("session_start_info", HyperParameters.sessionStart(hyperParameters, seconds()));
    }

    @Override
    public synchronized void close() throws IOException {
        file.close();
    }

    private void hyperParameters(String name, byte[] content) throws IOException {
        // The plugin keeps everything in the metadata; the tensor must be there, and has no elements.
        ProtoMessage noElements = new ProtoMessage().message(2, new ProtoMessage());
        ProtoMessage tensor = new ProtoMessage().varint(1, DT_FLOAT).message(2, noElements);
        ProtoMessage plugin = new ProtoMessage().string(1, "hparams").bytes(2, content);
        write(event(0).message(5, new ProtoMessage().message(1, tensorValue("_hparams_/" + name, plugin, tensor))));
    }

    private static ProtoMessage tensorValue(String tag, ProtoMessage plugin, ProtoMessage tensor) {
        ProtoMessage metadata = new ProtoMessage().message(1, plugin).varint(4, CLASS_TENSOR);
        return value(tag).message(9, metadata).message(8, tensor);
    }

    private static ProtoMessage value(String tag) {
        return new ProtoMessage().string(1, tag);
    }

    private ProtoMessage event(long step) {
        return new ProtoMessage().float64(1, seconds()).varint(2, step);
    }

    private double seconds() {
        Instant now = clock.instant();
        return now.getEpochSecond() + now.getNano() * 1e-9;
    }

    private void writeOrClose(ProtoMessage event) throws IOException {
        try {
            write(event);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private synchronized void write(ProtoMessage event) throws IOException {
        byte[] data = event.toBytes();
        ByteBuffer record = ByteBuffer.allocate(8 + 4 + data.length + 4).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(maskedCrc(record.array(), 0, 8));
        record.put(data);
        record.putInt(maskedCrc(record.array(), 12, data.length));
        long start = file.getFilePointer();
        try {
            file.write(record.array());
        } catch (IOException e) {
            // A partial record would make every later one unreadable.
            file.setLength(start);
            throw new IOException("cannot write " + path + ": " + e.getMessage(), e);
        }
    }

    /** CRC-32C rotated by 15 bits plus a constant, as TFRecord requires. */
    private static int maskedCrc(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    /** Makes an empty file whose name sorts after those that are there, since readers take files in that order. */
    private static Path newFile(Path folder, Clock clock) throws IOException {
        long latest;
        try (Stream<Path> files = Files.list(folder)) {
            latest = files.map(file -> NAME.matcher(file.getFileName().toString()))
                    .filter(Matcher::matches)
                    .mapToLong(name -> Long.parseLong(name.group(1)))
                    .max()
                    .orElse(-1);
        }
        long seconds = Math.max(clock.instant().getEpochSecond(), latest + 1);
        for (int number = 0; ; number++) {
            try {
                return Files.createFile(folder.resolve(
                        String.format(Locale.ROOT, "events.out.tfevents.%010d.%s.%d", seconds, hostName(), number)));
            } catch (FileAlreadyExistsException e) {
                // Another process has just taken this name: the next number.
            }
        }
    }

    /** The host name, without a network lookup, which may take seconds to fail. */
    private static String hostName() throws IOException {
        String name = Stream.of("HOSTNAME", "COMPUTERNAME")
                .map(System::getenv)
                .filter(value -> value != null && !value.isBlank())
                .findFirst()
                .orElse("localhost");
        Path linux = Path.of("/proc/sys/kernel/hostname");
        if (name.equals("localhost") && Files.isReadable(linux)) {
            name = Files.readString(linux).strip();
        }
        return name.replaceAll("[^A-Za-z0-9_-]", "-");
    }
}
