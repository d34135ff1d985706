package varepsilon.tensor;

import java.nio.charset.StandardCharsets;

/**
 * The seed of a random stream. Seeds for different uses are split off by name or number, so that drawing
 * more from the stream of one never changes another's. A seed is a plain value and holds nothing native; only
 * {@link #stream} opens a stream, which its caller closes.
 *
 * @param value any number; neighbours give unrelated streams once they are split
 */
public record Seed(long value) {
    /** The seed of that number. */
    public static Seed of(long value) {
        return new Seed(value);
    }

    /** The seed of the use of that name: "init", "noise". */
    public Seed split(String name) {
        long hash = mix(value);
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = mix(hash ^ (b & 0xff));
        }
        return new Seed(hash);
    }

    /** The seed of that number among several: of an epoch, a step, an image. */
    public Seed split(long number) {
        return new Seed(mix(mix(value) + number));
    }

    /** A new stream of this seed, at its beginning. It is open until it is closed, independently of scopes. */
    public Rng stream() {
        return new Rng(value);
    }

    // SplitMix64's increment and finaliser (Steele, Lea, Flood 2014): neighbouring seeds give unrelated streams.
    private static long mix(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
