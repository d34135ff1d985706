package varepsilon.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import varepsilon.base.InputException;

/** PNG pictures that lie in one folder, in the order of their names, in which numbers count by value: 2 before 10. */
public final class OrderedImages {
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private OrderedImages() {}

    /** The files, hidden ones left out. */
    public static List<Path> in(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> name(entry).toLowerCase(Locale.ROOT).endsWith(".png"))
                    .filter(entry -> !name(entry).startsWith("."))
                    .sorted(Comparator.comparing(OrderedImages::sortedBy).thenComparing(OrderedImages::name))
                    .toList();
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    private static String sortedBy(Path file) {
        return NUMBER.matcher(name(file)).replaceAll(number -> {
            String digits = number.group().replaceFirst("^0+(?=\\d)", "");
            // As many digits as its length says: names have at most 255 characters.
            return String.format(Locale.ROOT, "%03d", digits.length()) + digits;
        });
    }

    /**
     * Their pixels, UINT8 levels image after image, plane after plane.
     *
     * @throws InputException where a file is damaged, or not of that shape
     */
    public static byte[] decode(List<Path> files, ImageShape shape) {
        int dimensions = shape.channels() * shape.height() * shape.width();
        byte[] pixels = PixelMemory.allocate(
                files.size() + " images of " + dimensions + " bytes", (long) files.size() * dimensions);
        for (int i = 0; i < files.size(); i++) {
            ImageFile file = ImageFile.open(files.get(i));
            if (file.height() != shape.height()
                    || file.width() != shape.width()
                    || (shape.channels() == 1 && !file.grey())) {
                throw new InputException(file.path() + ": " + file.size() + " pixels"
                        + (file.grey() ? "" : " in colour") + "; expected " + shape);
            }
            file.decode(shape.channels(), pixels, i * dimensions);
        }
        return pixels;
    }
}
