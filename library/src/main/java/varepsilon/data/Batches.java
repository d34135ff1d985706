package varepsilon.data;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * The images of a set in batches: in order, or shuffled by seed and epoch alone, so that a run resumed at any batch of
 * any epoch gets the same batches. The last batch may be smaller; none is dropped.
 *
 * <pre>{@code
 * for (Batch batch : Batches.of(set, 128).shuffled(seed, epoch)) { … }
 * }</pre>
 *
 * <p>Each batch is made by {@link Iterator#next} and belongs to the scope that is open then: a loop that opens its
 * scope around {@code next()} and the step frees each batch after its step.
 */
public final class Batches implements Iterable<Batch> {
    private final ImageSet set;
    private final int batchSize;
    private final int[] order;
    private final int first;

    private Batches(ImageSet set, int batchSize, int[] order, int first) {
        this.set = set;
        this.batchSize = batchSize;
        this.order = order;
        this.first = first;
    }

    /**
     * All images in the order of the set.
     *
     * @throws IllegalArgumentException for a batch size below 1
     */
    public static Batches of(ImageSet set, int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size " + batchSize + ": expected 1 or more");
        }
        int[] order = new int[set.size()];
        Arrays.setAll(order, i -> i);
        return new Batches(set, batchSize, order, 0);
    }

    /** The same images in an order of their own for each seed and epoch. */
    public Batches shuffled(long seed, long epoch) {
        try (Rng ofEpoch = Seed.of(seed).split("data order").split(epoch).stream()) {
            return new Batches(set, batchSize, ofEpoch.permutation(set.size()), first);
        }
    }

    /**
     * The same batches without the first ones, to go on in the middle of an epoch.
     *
     * @param batch how many to leave out; all of them at most
     * @throws IllegalArgumentException for a number below 0 or above {@link #count}
     */
    public Batches startingAt(int batch) {
        if (batch < 0 || batch > count()) {
            throw new IllegalArgumentException("start at batch " + batch + ": expected 0 to " + count());
        }
        return new Batches(set, batchSize, order, batch);
    }

    /** The number of batches in an epoch, wherever this starts. */
    public int count() {
        return (set.size() - 1) / batchSize + 1;
    }

    @Override
    public Iterator<Batch> iterator() {
        return new Iterator<>() {
            private final ByteBuffer bytes =
                    ByteBuffer.allocate(Math.multiplyExact(Math.min(batchSize, set.size()), set.dimensions()));
            private int next = first;

            @Override
            public boolean hasNext() {
                return next < count();
            }

            @Override
            public Batch next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the epoch has " + count() + " batches");
                }
                int from = next * batchSize;
                int to = (int) Math.min((long) from + batchSize, set.size());
                next++;
                return assemble(from, to, bytes);
            }
        };
    }

    private Batch assemble(int from, int to, ByteBuffer bytes) {
        int size = to - from;
        set.gather(order, from, to, bytes.array());
        bytes.limit(size * set.dimensions());
        Tensor images = Tensor.ofRaw(bytes, DType.UINT8, size, set.channels(), set.height(), set.width());
        int[] indices = Arrays.copyOfRange(order, from, to);
        return new Batch(images, set.isLabelled() ? labels(indices) : null, indices, size);
    }

    private Tensor labels(int[] indices) {
        long[] labels = new long[indices.length];
        Arrays.setAll(labels, i -> set.label(indices[i]));
        return Tensor.of(labels, labels.length);
    }
}
