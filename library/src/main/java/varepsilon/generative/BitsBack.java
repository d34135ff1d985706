package varepsilon.generative;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.coding.AnsStack;
import varepsilon.coding.CodedFile;
import varepsilon.coding.FrequencyTable;
import varepsilon.coding.NormalBuckets;
import varepsilon.coding.Uniform;
import varepsilon.data.Batches;
import varepsilon.data.Checksums;
import varepsilon.data.ImageSet;
import varepsilon.data.ImageShape;
import varepsilon.tensor.DType;
import varepsilon.tensor.Engine;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/**
 * Lossless compression of images by a VAE, with bits-back coding (Townsend et al. 2019): z is drawn from q(z|x) with
 * bits that are already on a stack, x is pushed with p(x|z), and z with p(z). The expected length is −ELBO, because
 * drawing z has taken −log₂ q(z|x) bits off the stack, which the decoder gets back.
 *
 * <p>A batch is coded as one image would be: the z of all its images are drawn, then all x and all z are pushed, and last
 * the size of the batch, so that the decoder computes the same batches. The stack begins with random bits, because the
 * first batch finds nothing else on it. Batches grow with what the stack holds: only the first, of one image, needs
 * random bits.
 *
 * <p>The networks must give the decoder the same numbers, to the last bit, as the encoder. They do on the same machine
 * with the same weights, version and number of threads; all of these are in the file's header, and so is a checksum of
 * the images. A conditional model's classes are coded beside each image, in log₂ of their number bits.
 */
public final class BitsBack {
    /** Logarithm of the usual number of buckets of a latent dimension. */
    public static final int USUAL_LATENT_BITS = 16;

    private static final int LEVEL_PRECISION = 24;
    private static final int BATCH_BITS = 7;
    private static final Uniform BATCH_SIZES = Uniform.ofBits(BATCH_BITS);
    private static final int PROBABILITIES_AT_ONCE = 1 << 22;

    private final Vae vae;
    private final ImageShape shape;
    private final String modelSha256;
    private final int levels;
    private final DType targetType;

    /**
     * Images and their coded form.
     *
     * @param file to be written
     * @param images the levels in it
     * @param initialBits of random content that {@code file} has beside the images
     */
    public record Compressed(CodedFile file, LevelImages images, long initialBits) {}

    BitsBack(Vae vae, ImageShape shape, String modelSha256) {
        this.vae = vae;
        this.shape = shape;
        this.modelSha256 = modelSha256;
        try (var scope = Scope.withoutGradients()) {
            Tensor black = Tensor.zeros(DType.UINT8, 1, shape.channels(), shape.height(), shape.width());
            Tensor target = vae.target(black);
            int channels = vae.likelihood().outputChannels(shape.channels());
            Tensor output = Tensor.zeros(DType.FLOAT32, 1, channels, shape.height(), shape.width());
            targetType = target.dtype();
            levels = (int) vae.likelihood()
                    .levelLogProbabilities(output.to(vae.device()), target, 0)
                    .size(1);
        }
    }

    /**
     * The compression by a model.
     *
     * @throws InputException where its likelihood is a density, or not known by levels
     */
    public static BitsBack of(VaeFile model) throws IOException {
        return new BitsBack(model.vae(), model.architecture().image(), Checksums.sha256(model.path()));
    }

    /**
     * Rejects a logarithm of a number of buckets that is out of range, and returns any other.
     *
     * @throws InputException where it is rejected
     */
    public static int checkLatentBits(int latentBits) {
        if (latentBits < 1 || latentBits > NormalBuckets.MAX_BITS) {
            throw new InputException("latentBits " + latentBits + ": expected 1 to " + NormalBuckets.MAX_BITS);
        }
        return latentBits;
    }

    /**
     * Compresses images of the model's shape.
     *
     * @param latentBits logarithm of the number of buckets of a latent dimension
     * @param seed decides the random bits with which the stack begins
     * @param watch receives the number of images done
     * @throws InputException where the images or the model's distributions cannot be coded
     * @throws StoppedException where a stop is requested
     */
    public Compressed compress(ImageSet images, int latentBits, long seed, Watch watch) {
        if (!images.shape().equals(shape)) {
            throw new InputException(
                    images.name() + " has images of " + images.shape() + "; the model is one of " + shape);
        }
        if (vae.classes() > 0 && !images.isLabelled()) {
            throw new InputException(images.name() + " has no labels; the model needs the classes of images");
        }
        checkLatentBits(latentBits);
        LevelImages all = levels(images);
        AnsStack stack = AnsStack.random(seed);
        coding(() -> {
            Coder<?> coder = new Coder<>(latents(latentBits), stack);
            Watch watched = watch.throwing();
            watched.progress("compressing", 0, images.size());
            int from = 0;
            while (from < images.size()) {
                int to = Math.min(images.size(), from + coder.nextBatch());
                coder.encode(all, labels(images, from, to), from, to);
                from = to;
                watched.progress("compressing", from, images.size());
            }
        });
        BitsBackHeader header = new BitsBackHeader(
                BitsBackHeader.FORMAT,
                BitsBackHeader.thisProgram(),
                BitsBackHeader.thisEngine(),
                Engine.threads(),
                BitsBackHeader.kind(vae.device()),
                modelSha256,
                shape.text(),
                levels,
                images.size(),
                latentBits,
                seed,
                stack.initialWords(),
                all.sha256());
        long initialBits = Long.SIZE + (long) AnsStack.WORD_BITS * stack.initialWords();
        return new Compressed(new CodedFile(header.text(), stack.toBytes()), all, initialBits);
    }

    private LatentCoder<?> latents(int latentBits) {
        return LatentCoder.of(vae, new NormalBuckets(latentBits));
    }

    /** Runs work in evaluation mode, without gradients. */
    private void coding(Runnable work) {
        vae.evaluating(() -> {
            try (var scope = Scope.withoutGradients()) {
                work.run();
            }
        });
    }

    /** The images as the model's likelihood has them. */
    private LevelImages levels(ImageSet images) {
        int dimensions = images.dimensions();
        if ((long) dimensions * images.size() > Integer.MAX_VALUE - Long.BYTES) {
            throw new InputException(images.name() + ": " + images.size() + " images of " + images.shape()
                    + " are more than 2 GB; compress them in parts");
        }
        byte[] all = new byte[dimensions * images.size()];
        int done = 0;
        var batches = Batches.of(images, 1 << BATCH_BITS).iterator();
        while (batches.hasNext()) {
            try (var scope = Scope.withoutGradients()) {
                byte[] some = vae.target(batches.next().images()).toBytes();
                System.arraycopy(some, 0, all, done, some.length);
                done += some.length;
            }
        }
        return new LevelImages(shape, levels, all);
    }

    private int[] labels(ImageSet images, int from, int to) {
        int[] labels = new int[vae.classes() > 0 ? to - from : 0];
        Arrays.setAll(labels, i -> images.label(from + i));
        return labels;
    }

    /**
     * The images of a file.
     *
     * @param file named in errors
     * @param watch receives the number of images done
     * @throws InputException where the file was written by another model, version, engine or number of threads, or is
     *     none of these, or does not decode to the images that were compressed
     * @throws StoppedException where a stop is requested
     */
    public LevelImages decompress(CodedFile coded, Path file, Watch watch) {
        BitsBackHeader header = BitsBackHeader.of(coded, file);
        header.requireSame(modelSha256, vae.device(), file);
        if (!header.shape().equals(shape) || header.levels() != levels) {
            throw new InputException(file + ": images of " + header.shape() + " with " + header.levels()
                    + " levels; the model's are of " + shape + " with " + levels);
        }
        try {
            AnsStack stack = AnsStack.of(coded.payload());
            // In parts, because the number of images in a hostile header takes no memory this way.
            List<byte[]> parts = new ArrayList<>();
            coding(() -> decode(header, stack, parts, watch.throwing()));
            LevelImages images = new LevelImages(shape, levels, joined(parts));
            if (!images.sha256().equals(header.imagesSha256())
                    || !Arrays.equals(
                            stack.toBytes(),
                            AnsStack.initial(header.seed(), header.initialWords())
                                    .toBytes())) {
                throw new InputException("its images are not those that were compressed");
            }
            return images;
        } catch (InputException | NoSuchElementException e) {
            throw new InputException(
                    file + ": does not decode: " + e.getMessage()
                            + "; the networks round differently here, or the file was made otherwise; decompress it on"
                            + " the machine where it was compressed",
                    e);
        }
    }

    private void decode(BitsBackHeader header, AnsStack stack, List<byte[]> parts, Watch watch) {
        Coder<?> coder = new Coder<>(latents(header.latentBits()), stack);
        watch.progress("decompressing", 0, header.n());
        int left = header.n();
        while (left > 0) {
            byte[] part = coder.decode(left);
            parts.add(part);
            left -= part.length / coder.dimensions();
            watch.progress("decompressing", header.n() - left, header.n());
        }
    }

    /** The parts one after the other, beginning with the last. */
    private static byte[] joined(List<byte[]> parts) {
        long length = parts.stream().mapToLong(part -> part.length).sum();
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(length));
        for (int i = parts.size() - 1; i >= 0; i--) {
            all.put(parts.get(i));
        }
        return all.array();
    }

    /** Where the pixels of one part of the images of a batch are. */
    private final class Place {
        private final ImageDistribution.Part part;

        Place(ImageDistribution.Part part) {
            this.part = part;
        }

        /** Pixels of an image's channel before the first of this part. */
        int first() {
            return part.row() * shape.width() + part.column();
        }

        /** Where value i of a channel of this part, counted over the batch, is in N×C×H×W. */
        int of(int i, int channel) {
            int size = part.height() * part.width();
            int row = part.row() + i % size / part.width();
            int column = part.column() + i % part.width();
            return ((i / size * shape.channels() + channel) * shape.height() + row) * shape.width() + column;
        }
    }

    /** Codes batches on a stack. */
    private final class Coder<L extends LatentCoder.Latents> {
        private final AnsStack stack;
        private final LatentCoder<L> latents;

        Coder(LatentCoder<L> latents, AnsStack stack) {
            this.latents = latents;
            this.stack = stack;
        }

        /**
         * The size of the next batch: as many images as the stack has bits for, if each dimension of z takes all bits
         * of its bucket, and as few as keep the probabilities of the levels within some 30 MB.
         */
        int nextBatch() {
            long drawn = latents.bitsOfDraw();
            long held = stack.bits() - Long.SIZE;
            long probabilities = (long) shape.height() * shape.width() * levels;
            long largest = Math.min(1 << BATCH_BITS, PROBABILITIES_AT_ONCE / probabilities);
            return (int) Math.max(1, Math.min(largest, drawn == 0 ? largest : held / drawn));
        }

        void encode(LevelImages all, int[] labels, int from, int to) {
            try (var scope = Scope.withoutGradients()) {
                byte[] values = Arrays.copyOfRange(all.values(), from * all.dimensions(), to * all.dimensions());
                Vae model = given(labels);
                L z = latents.draw(model.posterior(target(values)), to - from, stack);
                ImageDistribution images = model.decode(z.z());
                List<ImageDistribution.Part> parts = images.parts();
                for (int p = parts.size() - 1; p >= 0; p--) {
                    Place place = new Place(parts.get(p));
                    try (var inner = Scope.withoutGradients()) {
                        Tensor output = images.output(known(values, place), place.part);
                        for (int channel = shape.channels() - 1; channel >= 0; channel--) {
                            float[] probabilities = probabilities(output, values, place, channel);
                            for (int i = probabilities.length / levels - 1; i >= 0; i--) {
                                table(probabilities, i).push(stack, values[place.of(i, channel)] & 0xff);
                            }
                        }
                    }
                }
                latents.push(z, stack);
                for (int i = labels.length - 1; i >= 0; i--) {
                    classes().push(stack, labels[i]);
                }
                BATCH_SIZES.push(stack, to - from - 1);
            }
        }

        /** The images of the batch on top of the stack, at most {@code left}. */
        byte[] decode(int left) {
            try (var scope = Scope.withoutGradients()) {
                int size = BATCH_SIZES.pop(stack) + 1;
                if (size > left) {
                    throw new InputException("a batch of " + size + " images where " + left + " are left");
                }
                int[] labels = new int[vae.classes() > 0 ? size : 0];
                for (int i = 0; i < labels.length; i++) {
                    labels[i] = classes().pop(stack);
                }
                Vae model = given(labels);
                L z = latents.pop(size, stack);
                ImageDistribution images = model.decode(z.z());
                byte[] values = new byte[Math.multiplyExact(size, dimensions())];
                for (ImageDistribution.Part part : images.parts()) {
                    Place place = new Place(part);
                    try (var inner = Scope.withoutGradients()) {
                        Tensor output = images.output(known(values, place), part);
                        for (int channel = 0; channel < shape.channels(); channel++) {
                            float[] probabilities = probabilities(output, values, place, channel);
                            for (int i = 0; i < probabilities.length / levels; i++) {
                                values[place.of(i, channel)] =
                                        (byte) table(probabilities, i).pop(stack);
                            }
                        }
                    }
                }
                latents.undraw(model.posterior(target(values)), z, stack);
                return values;
            }
        }

        private Vae given(int[] labels) {
            return vae.given(Tensor.of(Arrays.stream(labels).asLongStream().toArray(), labels.length));
        }

        private Uniform classes() {
            return new Uniform(vae.classes(), LEVEL_PRECISION);
        }

        private int dimensions() {
            return shape.channels() * shape.height() * shape.width();
        }

        /** Levels as {@link Vae#target} gives them. */
        private Tensor target(byte[] values) {
            return Tensor.of(values, values.length / dimensions(), shape.channels(), shape.height(), shape.width())
                    .to(targetType)
                    .to(vae.device());
        }

        /** The images as the encoder's input, with level 0 everywhere but in the parts before one. */
        private Tensor known(byte[] values, Place place) {
            byte[] known = new byte[values.length];
            int plane = shape.height() * shape.width();
            for (int start = 0; start < known.length; start += plane) {
                System.arraycopy(values, start, known, start, place.first());
            }
            return vae.likelihood().encoderInput(target(known));
        }

        /**
         * The probabilities of the levels of a channel of one part, N×height×width×levels.
         *
         * @param output the likelihood's parameters for the part
         * @param values of which the part's earlier channels are read
         */
        private float[] probabilities(Tensor output, byte[] values, Place place, int channel) {
            byte[] known = values.clone();
            int plane = shape.height() * shape.width();
            for (int i = 0; i < known.length; i += dimensions()) {
                Arrays.fill(known, i + channel * plane, i + dimensions(), (byte) 0);
            }
            Tensor probabilities = vae.likelihood()
                    .levelLogProbabilities(output, place.part.of(target(known)), channel)
                    .exp()
                    .permute(0, 2, 3, 1);
            if (!probabilities.isFinite()) {
                throw new InputException("the model's probabilities are not finite numbers; expected weights of a"
                        + " training that has not diverged");
            }
            return probabilities.toFloats();
        }

        private FrequencyTable table(float[] probabilities, int i) {
            return FrequencyTable.of(probabilities, i * levels, levels, LEVEL_PRECISION);
        }
    }
}
