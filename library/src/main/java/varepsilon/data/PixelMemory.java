package varepsilon.data;

import varepsilon.base.InputException;

/** Allocates memory for the pixels of a set, with an error message where there is not enough. */
final class PixelMemory {
    private static final long MAX_BYTES = Integer.MAX_VALUE - 8L;

    private PixelMemory() {}

    /**
     * So many zero bytes.
     *
     * @param subject what the bytes are for; starts the message
     * @throws InputException where Java cannot give them
     */
    static byte[] allocate(String subject, long bytes) {
        if (bytes > MAX_BYTES) {
            throw new InputException(subject + "; expected at most 2 GiB of them");
        }
        try {
            return new byte[Math.toIntExact(bytes)];
        } catch (OutOfMemoryError e) {
            long heap = Runtime.getRuntime().maxMemory() >> 20;
            throw new InputException(subject + ", too many for Java's " + heap + " MiB of memory: raise -Xmx", e);
        }
    }
}
