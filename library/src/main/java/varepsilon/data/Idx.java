package varepsilon.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import varepsilon.base.InputException;

/**
 * The IDX format of MNIST: big-endian, two zero bytes, a type (8: unsigned bytes), the number of dimensions, one 32-bit
 * size for each, then the values, the last dimension fastest. Gzip or not, told by the content.
 *
 * <p>Format: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
 */
public final class Idx {
    /** The advice on damaged files at the end of messages. */
    static final String REMEDY = "delete it and fetch or copy it again";

    private static final int IMAGES = 0x0000_0803;
    private static final int LABELS = 0x0000_0801;

    private Idx() {}

    /**
     * Reads grey images N×1×H×W and their labels.
     *
     * @param name the name of the set
     * @param images a file of three dimensions N, H, W
     * @param labels a file of one dimension N, with numbers from 0 to {@code classNames.size() - 1}
     * @throws InputException where a file is not IDX, is damaged, cut off or too long, states more than it holds or
     *     than fits into memory, or where the two do not belong together
     * @throws IOException where a file cannot be read
     */
    public static ImageSet read(String name, Path images, Path labels, List<String> classNames) throws IOException {
        int[] numbers = labels(labels);
        Values values = read(images, IMAGES);
        int count = values.sizes[0];
        if (numbers.length != count) {
            throw new InputException(images + ": holds " + count + " images, but " + labels + " holds " + numbers.length
                    + " labels; expected as many: take both from one publisher");
        }
        for (int i = 0; i < count; i++) {
            if (numbers[i] >= classNames.size()) {
                throw new InputException(labels + ": label " + numbers[i] + " of image " + i + "; expected 0 to "
                        + (classNames.size() - 1) + "; " + REMEDY);
            }
        }
        return ImageSet.labelled(name, values.bytes, 1, values.sizes[1], values.sizes[2], numbers, classNames);
    }

    /**
     * Reads grey images N×1×H×W without labels.
     *
     * @param name the name of the set
     * @param images a file of three dimensions N, H, W
     * @throws InputException as above
     * @throws IOException where the file cannot be read
     */
    public static ImageSet read(String name, Path images) throws IOException {
        Values values = read(images, IMAGES);
        return ImageSet.unlabelled(name, values.bytes, 1, values.sizes[1], values.sizes[2]);
    }

    /** The numbers 0 … 255 in a file of one dimension. */
    static int[] labels(Path file) throws IOException {
        byte[] bytes = read(file, LABELS).bytes;
        int[] numbers = new int[bytes.length];
        Arrays.setAll(numbers, i -> bytes[i] & 0xff);
        return numbers;
    }

    private record Values(int[] sizes, byte[] bytes) {}

    private static Values read(Path file, int magic) throws IOException {
        try (FileContent content = FileContent.open(file)) {
            requireMagic(file, content, magic);
            int dimensions = magic & 0xff;
            byte[] header = new byte[4 * dimensions];
            if (content.read(header) < header.length) {
                throw new InputException(file + ": cut off within the header; " + REMEDY);
            }
            long[] sizes = new long[dimensions];
            long bytes = 1;
            for (int d = 0; d < dimensions; d++) {
                sizes[d] = Integer.toUnsignedLong(ByteBuffer.wrap(header).getInt(4 * d));
                bytes = multiplySaturated(bytes, sizes[d]);
            }
            String subject = file + ": the header states "
                    + Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining("×")) + " values";
            byte[] values = allocate(subject, bytes, content.atMost());
            int count = content.read(values);
            if (count < bytes) {
                throw new InputException(subject + ", but only " + count + " are there: cut off; " + REMEDY);
            }
            content.expectEnd();
            return new Values(Arrays.stream(sizes).mapToInt(Math::toIntExact).toArray(), values);
        }
    }

    private static void requireMagic(Path file, FileContent content, int magic) throws IOException {
        byte[] found = new byte[4];
        int count = content.read(found);
        if (count < found.length) {
            throw new InputException(file + ": holds " + count + " bytes; expected an IDX file; " + REMEDY);
        }
        int number = ByteBuffer.wrap(found).getInt();
        if (number == magic) {
            return;
        }
        String kind = magic == IMAGES ? "images" : "labels";
        String hint = number == IMAGES || number == LABELS ? "images and labels are swapped" : REMEDY;
        throw new InputException(
                String.format("%s: starts with 0x%08x; expected 0x%08x (IDX %s); %s", file, number, magic, kind, hint));
    }

    /** Rejects impossible sizes before any memory is allocated. */
    private static byte[] allocate(String subject, long bytes, long atMost) {
        if (bytes == 0) {
            throw new InputException(subject + "; expected at least one; " + REMEDY);
        }
        if (bytes > atMost) {
            throw new InputException(subject + ", more than the file can hold: cut off or damaged; " + REMEDY);
        }
        return PixelMemory.allocate(subject, bytes);
    }

    /** The product of two numbers below 2^63, or the greatest long where it is more. */
    private static long multiplySaturated(long a, long b) {
        return Math.multiplyHigh(a, b) == 0 && a * b >= 0 ? a * b : Long.MAX_VALUE;
    }
}
