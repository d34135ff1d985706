package varepsilon.robust.attack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * The random numbers of an attack, one set for each example of its batch. In an evaluation every image has a stream of
 * its own, so that what is drawn for it does not depend on which images share its batch. In training one stream serves
 * all.
 */
public final class Draws implements AutoCloseable {
    private final Rng shared;
    private final List<Stream> streams;

    private Draws(Rng shared, List<Stream> streams) {
        this.shared = shared;
        this.streams = streams;
    }

    /** The stream of one example, opened when it is first drawn from. */
    private static final class Stream {
        private final Seed seed;
        private final List<Stream> split = new ArrayList<>();
        private Rng rng;

        Stream(Seed seed) {
            this.seed = seed;
        }

        Rng rng() {
            if (rng == null) {
                rng = seed.stream();
            }
            return rng;
        }

        Stream split(String use) {
            Stream part = new Stream(seed.split(use));
            split.add(part);
            return part;
        }

        void close() {
            if (rng != null) {
                rng.close();
            }
            split.forEach(Stream::close);
        }
    }

    /** All examples draw from one stream, in the order of the batch. The stream remains the caller's. */
    public static Draws shared(Rng rng) {
        return new Draws(rng, List.of());
    }

    /**
     * Each example draws from a stream of its own.
     *
     * @param seed of the attack
     * @param images the indices of the examples in the data
     */
    public static Draws perImage(Seed seed, int[] images) {
        return new Draws(
                null,
                Arrays.stream(images)
                        .mapToObj(image -> new Stream(seed.split(image)))
                        .toList());
    }

    /** Uniform in [0, 1), one number for each value of {@code like}. */
    public Tensor uniform(Tensor like) {
        return rows(like.size(0), rng -> rng.uniform(like.dtype(), shape(rng, like)))
                .to(like.device());
    }

    /** Standard normal, one number for each value of {@code like}. */
    public Tensor normal(Tensor like) {
        return rows(like.size(0), rng -> rng.normal(like.dtype(), shape(rng, like)))
                .to(like.device());
    }

    /** Standard exponential, one number for each value of {@code like}. */
    public Tensor exponential(Tensor like) {
        return rows(like.size(0), rng -> rng.exponential(shape(rng, like)))
                .to(like.dtype())
                .to(like.device());
    }

    private Tensor rows(long examples, Function<Rng, Tensor> draw) {
        if (shared != null) {
            return draw.apply(shared);
        }
        if (examples != streams.size()) {
            throw new IllegalArgumentException(
                    "draws for " + examples + " examples from the streams of " + streams.size());
        }
        return Tensor.concat(0, streams.stream().map(Stream::rng).map(draw).toList());
    }

    private long[] shape(Rng rng, Tensor like) {
        long[] shape = like.shape().clone();
        shape[0] = rng == shared ? shape[0] : 1;
        return shape;
    }

    /** The streams of some of the examples, at INT64 positions among them. */
    Draws select(Tensor positions) {
        return shared != null
                ? this
                : new Draws(
                        null,
                        Arrays.stream(positions.toLongs())
                                .mapToObj(position -> streams.get(Math.toIntExact(position)))
                                .toList());
    }

    /**
     * The random numbers of a part of the attack: whatever is drawn from them, those of other parts stay the same. A
     * shared stream is shared by the parts too.
     */
    public Draws split(String use) {
        return shared != null
                ? this
                : new Draws(
                        null, streams.stream().map(stream -> stream.split(use)).toList());
    }

    /** Frees the streams of the examples and of all that was selected or split from them. */
    @Override
    public void close() {
        streams.forEach(Stream::close);
    }
}
