package varepsilon.weights;

import java.util.Arrays;
import java.util.Random;

/** What disks, networks and people do to files. */
public final class Damage {
    private Damage() {}

    /** A copy with random bytes changed, and now and then the end cut off or something appended. */
    public static byte[] of(byte[] whole, int changes, Random random) {
        byte[] bytes = whole.clone();
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(bytes.length);
            bytes[at] = switch (random.nextInt(4)) {
                case 0 -> (byte) (bytes[at] ^ (1 << random.nextInt(8)));
                case 1 -> (byte) random.nextInt(256);
                // Characters with which structure changes, not only values.
                case 2 -> (byte) "0123456789-[]{}:,\"".charAt(random.nextInt(18));
                default -> bytes[random.nextInt(bytes.length)];
            };
        }
        return switch (random.nextInt(8)) {
            case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(64));
            default -> bytes;
        };
    }
}
