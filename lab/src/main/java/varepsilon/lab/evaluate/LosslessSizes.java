package varepsilon.lab.evaluate;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;
import varepsilon.base.Watch;
import varepsilon.generative.LevelImages;

/**
 * How many bytes other lossless methods need for images, each at its highest level: gzip, bzip2 and xz of all levels, a
 * byte each, one image after the other; PNG for all images in one file, below one another, and for each in a file of its
 * own.
 */
public final class LosslessSizes {
    private static final int MOST_XZ_DICTIONARY = 8 << 20; // takes some 100 MB

    private LosslessSizes() {}

    /**
     * The size by one method.
     *
     * @param method its name
     * @param bytes of all images
     * @param bitsPerDim of each level
     */
    public record Size(String method, long bytes, double bitsPerDim) {
        private static Size of(String method, long bytes, LevelImages images) {
            return new Size(method, bytes, (double) Byte.SIZE * bytes / images.values().length);
        }
    }

    private interface Method {
        OutputStream over(OutputStream out) throws IOException;
    }

    /**
     * Compresses images by every method that takes them.
     *
     * @param watch receives the number of methods done
     */
    public static List<Size> of(LevelImages images, Watch watch) throws IOException {
        Watch watched = watch.throwing();
        List<Size> sizes = new ArrayList<>();
        int all = LevelPng.takes(images) ? 5 : 3;
        watched.progress("comparing", 0, all);
        add("gzip", bytes(images, BestGzip::new), images, sizes, all, watched);
        add("bzip2", bytes(images, BZip2CompressorOutputStream::new), images, sizes, all, watched);
        add("xz", bytes(images, out -> new XZOutputStream(out, xz(images))), images, sizes, all, watched);
        if (LevelPng.takes(images)) {
            long one = LevelPng.exact(images, 0, images.size()).length;
            add("PNG, all images in one file", one, images, sizes, all, watched);
            long each = 0;
            for (int i = 0; i < images.size(); i++) {
                each += LevelPng.exact(images, i, i + 1).length;
            }
            add("PNG, a file for each image", each, images, sizes, all, watched);
        }
        return sizes;
    }

    private static void add(String method, long bytes, LevelImages images, List<Size> sizes, int all, Watch watched) {
        sizes.add(Size.of(method, bytes, images));
        watched.progress("comparing", sizes.size(), all);
    }

    private static LZMA2Options xz(LevelImages images) throws IOException {
        LZMA2Options options = new LZMA2Options(LZMA2Options.PRESET_MAX);
        int wanted = Math.max(LZMA2Options.DICT_SIZE_MIN, images.values().length);
        options.setDictSize(Math.min(MOST_XZ_DICTIONARY, wanted));
        return options;
    }

    private static long bytes(LevelImages images, Method method) throws IOException {
        Counter counter = new Counter();
        try (OutputStream out = method.over(counter)) {
            out.write(images.values());
        }
        return counter.bytes;
    }

    private static final class BestGzip extends GZIPOutputStream {
        BestGzip(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }

    private static final class Counter extends OutputStream {
        private long bytes;

        @Override
        public void write(int value) {
            bytes++;
        }

        @Override
        public void write(byte[] values, int from, int length) {
            bytes += length;
        }
    }
}
