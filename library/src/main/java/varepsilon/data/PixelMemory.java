package varepsilon.data;

import varepsilon.base.InputException;

/** Memory for the pixels of a set, refused in words where there is not enough. */
final class PixelMemory {
    private static final long MAX_BYTES = Integer.MAX_VALUE - 8L;

    private PixelMemory() {}

    /**
     * So many zero bytes.
     *
     * @param promise what wants them; starts the message
     * @throws InputException where Java cannot give them
     */
    static byte[] allocate(String promise, long bytes) {
        if (bytes > MAX_BYTES) {
            throw new InputException(promise + "; expected at most 2 GiB of them");
        }
        try {
            return new byte[Math.toIntExact(bytes)];
        } catch (OutOfMemoryError e) {
            long heap = Runtime.getRuntime().maxMemory() >> 20;
            throw new InputException(promise + ", too many for Java's " + heap + " MiB of memory: raise -Xmx", e);
        }
    }
}
