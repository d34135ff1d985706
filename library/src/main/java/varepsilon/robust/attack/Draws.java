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
    private final List<Rng> streams;
    private final boolean owner;

    private Draws(Rng shared, List<Rng> streams, boolean owner) {
        this.shared = shared;
        this.streams = streams;
        this.owner = owner;
    }

    /** All examples draw from one stream, in the order of the batch. The stream remains the caller's. */
    public static Draws shared(Rng rng) {
        return new Draws(rng, List.of(), false);
    }

    /**
     * Each example draws from a stream of its own.
     *
     * @param seed of the attack
     * @param images the indices of the examples in the data
     */
    public static Draws perImage(Seed seed, int[] images) {
        List<Rng> streams = new ArrayList<>();
        for (int image : images) {
            streams.add(seed.split(image).stream());
        }
        return new Draws(null, streams, true);
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
        return Tensor.concat(0, streams.stream().map(draw).toList());
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
                                .toList(),
                        false);
    }

    /** Frees the streams of the examples. */
    @Override
    public void close() {
        if (owner) {
            streams.forEach(Rng::close);
        }
    }
}
