package varepsilon.robust.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import varepsilon.base.InputException;
import varepsilon.data.Batch;
import varepsilon.data.ImageSet;
import varepsilon.data.ImageShape;
import varepsilon.data.NumpyFile;
import varepsilon.data.OrderedImages;
import varepsilon.robust.attack.AttackRun;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Safetensors;
import varepsilon.weights.Weights;

/**
 * Adversarial images saved by any tool, one for each image of a set and in its order: a {@code .npz} or {@code .npy}
 * file of NumPy, a safetensors file (that of {@link AdversarialExamples} among them), or a folder of PNG pictures (that
 * of {@link PngPairs} among them). Arrays are N×C×H×W or N×H×W×C, of integers from 0 to 255 or of floats from 0 to 1.
 *
 * @param format the format found, as text
 * @param stored the values as they are stored, N×C×H×W
 * @param isLevels whether they are levels from 0 to 255, not intensities from 0 to 1
 * @param rounding by how much storing may have moved a value, in pixel units: half a level for bytes; 0 where that is
 *     no more than the rounding of single precision
 */
public record AdversarialImages(String format, Tensor stored, boolean isLevels, double rounding) {
    /** Names that tools give them, the most specific first. */
    private static final List<String> NAMES =
            List.of("x_adv", "adv_x", "adversarial", "adv", "adv_images", "x", "images", "data", "arr_0", "array");

    private static final Pattern PAIR = Pattern.compile("\\d+-adversarial\\.png");
    private static final double HALF_LEVEL = 0.5 / 255;
    /** Half a unit in the last place of half precision, below 1. */
    private static final double HALF_PRECISION = 0x1p-12;

    /** FLOAT32 N×C×H×W in [0, 1] of images {@code from} to {@code to − 1}, in the open scope. */
    public Tensor pixels(int from, int to) {
        Tensor part = stored.narrow(0, from, to - from);
        return isLevels ? Batch.pixels(part) : part.to(DType.FLOAT32).clamp(0, 1);
    }

    /**
     * Reads them into the open scope.
     *
     * @param images the images that were perturbed
     * @throws InputException where the file is unreadable, or does not fit the images
     * @throws IOException on an I/O error
     */
    public static AdversarialImages read(Path path, ImageSet images) throws IOException {
        if (Files.isDirectory(path)) {
            return ofFolder(path, images);
        }
        if (!Files.isRegularFile(path)) {
            throw new InputException(
                    path + ": no such file; expected adversarial images as .npz, .npy, .safetensors or a"
                            + " folder of PNG files");
        }
        if (NumpyFile.looksLikeOne(path)) {
            return ofNumpy(path, images);
        }
        if (path.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".safetensors")) {
            return ofSafetensors(path, images);
        }
        throw new InputException(path + ": unknown file format; expected adversarial images as .npz, .npy,"
                + " .safetensors or a folder of PNG files");
    }

    private static AdversarialImages ofNumpy(Path path, ImageSet images) throws IOException {
        try (NumpyFile file = NumpyFile.open(path)) {
            Map<String, long[]> shapes = new LinkedHashMap<>();
            file.arrays()
                    .forEach((name, header) -> shapes.put(
                            name,
                            header.shape().stream().mapToLong(Long::longValue).toArray()));
            String name = chosen(path, shapes);
            // Checked before the shape that the file claims decides how much is read.
            boolean channelsLast = isChannelsLast(path, name, shapes.get(name), images);
            return checked(path, name, file.read(name), channelsLast);
        }
    }

    private static AdversarialImages ofSafetensors(Path path, ImageSet images) throws IOException {
        Weights file = Safetensors.read(path);
        Map<String, long[]> shapes = new LinkedHashMap<>();
        file.tensors().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        String name = chosen(path, shapes);
        boolean channelsLast = isChannelsLast(path, name, shapes.get(name), images);
        Tensor indices = file.tensors().get("indices");
        if (indices != null
                && !Arrays.equals(
                        indices.toLongs(), LongStream.range(0, images.size()).toArray())) {
            throw new InputException(path + ": its indices name other images, or in another order; expected the first "
                    + images.size() + " of " + images.name());
        }
        return checked(path, name, file.get(name), channelsLast);
    }

    private static AdversarialImages ofFolder(Path folder, ImageSet images) throws IOException {
        List<Path> files = OrderedImages.in(folder);
        List<Path> pairs = files.stream()
                .filter(file -> PAIR.matcher(file.getFileName().toString()).matches())
                .toList();
        List<Path> chosen = pairs.isEmpty() ? files : pairs;
        if (chosen.size() != images.size()) {
            throw new InputException(folder + ": holds " + chosen.size() + " PNG files"
                    + (pairs.isEmpty() ? "" : " *-adversarial.png") + "; expected one for each of " + images.size()
                    + " images of " + images.name() + counts(chosen.size()));
        }
        for (int i = 0; i < pairs.size(); i++) {
            String number = pairs.get(i).getFileName().toString().replaceFirst("-.*", "");
            if (!number.matches("0*" + i)) {
                throw new InputException(pairs.get(i) + ": expected the pair of image " + i + " of " + images.name()
                        + "; the first " + images.size() + " are evaluated");
            }
        }
        ImageShape shape = images.shape();
        Tensor stored = Tensor.of(
                OrderedImages.decode(chosen, shape), chosen.size(), shape.channels(), shape.height(), shape.width());
        String what = pairs.isEmpty() ? "PNG files in the order of their names" : "PNG pairs";
        return new AdversarialImages(what, stored, true, HALF_LEVEL);
    }

    /** The array that holds them: the one with a known name, else the only one of four dimensions. */
    private static String chosen(Path path, Map<String, long[]> shapes) {
        for (String name : NAMES) {
            if (shapes.containsKey(name)) {
                return name;
            }
        }
        List<String> candidates = new ArrayList<>();
        shapes.forEach((name, shape) -> {
            if (shape.length == 4) {
                candidates.add(name);
            }
        });
        if (candidates.size() != 1) {
            String found = shapes.entrySet().stream()
                    .limit(10)
                    .map(entry -> printable(entry.getKey()) + " " + text(entry.getValue()))
                    .collect(Collectors.joining(", "));
            throw new InputException(
                    path + ": holds " + found + "; expected the adversarial images as one array N×C×H×W or"
                            + " N×H×W×C called x_adv, x, images or arr_0");
        }
        return candidates.get(0);
    }

    private static boolean isChannelsLast(Path path, String name, long[] found, ImageSet images) {
        long n = images.size();
        ImageShape shape = images.shape();
        long[] channelsFirst = {n, shape.channels(), shape.height(), shape.width()};
        long[] channelsLast = {n, shape.height(), shape.width(), shape.channels()};
        if (Arrays.equals(found, channelsFirst)) {
            return false;
        }
        if (!Arrays.equals(found, channelsLast)) {
            boolean onlyCount = found.length == 4
                    && (Arrays.equals(found, 1, 4, channelsFirst, 1, 4)
                            || Arrays.equals(found, 1, 4, channelsLast, 1, 4));
            throw new InputException(
                    path + ": " + printable(name) + " is " + text(found) + "; expected " + text(channelsFirst)
                            + " or " + text(channelsLast) + " for the " + n + " images of " + images.name()
                            + (onlyCount ? counts(found[0]) : ""));
        }
        return true;
    }

    private static String counts(long found) {
        return found < 1 ? "" : ": choose the first " + found + " of the set where it has as many";
    }

    private static AdversarialImages checked(Path path, String name, Tensor read, boolean channelsLast) {
        DType dtype = read.dtype();
        if (dtype == DType.BOOL) {
            throw new InputException(path + ": " + printable(name) + " is of type bool; expected integers or floats");
        }
        boolean levels = !dtype.isFloatingPoint();
        Tensor values =
                read.to(dtype == DType.UINT8 ? DType.FLOAT32 : DType.FLOAT64).flatten(0);
        double low = -values.neg().amax(0).item();
        double high = values.amax(0).item();
        double most = levels ? 255 : 1;
        double tolerance = levels ? 0 : AttackRun.TOLERANCE;
        // NaN fails this comparison.
        if (!(low >= -tolerance && high <= most + tolerance)) {
            throw new InputException(path + ": " + printable(name) + " has values from " + low + " to " + high
                    + "; expected integers from 0 to 255 or floats from 0 to 1: undo a normalisation, divide"
                    + " levels by 255");
        }
        String format = printable(name) + ", " + dtype.name().toLowerCase(Locale.ROOT)
                + (channelsLast ? " N×H×W×C" : " N×C×H×W");
        double rounding =
                levels ? HALF_LEVEL : dtype == DType.FLOAT16 ? HALF_PRECISION : dtype == DType.BFLOAT16 ? 0x1p-9 : 0;
        return new AdversarialImages(format, channelsLast ? read.permute(0, 3, 1, 2) : read, levels, rounding);
    }

    private static String text(long[] shape) {
        return shape.length == 0
                ? "a number"
                : Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining("×"));
    }

    private static String printable(String name) {
        String clean = name.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " ");
        return clean.length() > 60 ? clean.substring(0, 60) + "…" : clean;
    }
}
