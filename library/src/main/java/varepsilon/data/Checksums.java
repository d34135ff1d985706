package varepsilon.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import varepsilon.base.InputException;

/** SHA-256 of files, and MD5 where a publisher gives nothing else. */
public final class Checksums {
    private static final int BUFFER = 1 << 16;

    private Checksums() {}

    static MessageDigest newSha256() {
        return digest("SHA-256");
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }

    /**
     * The SHA-256 of a file in lower-case hexadecimal.
     *
     * @throws InputException for a folder
     */
    public static String sha256(Path file) throws IOException {
        return of(file, newSha256());
    }

    /** The MD5 of a file in lower-case hexadecimal: it detects accidental damage, not deliberate changes. */
    static String md5(Path file) throws IOException {
        return of(file, digest("MD5"));
    }

    private static String of(Path file, MessageDigest digest) throws IOException {
        if (Files.isDirectory(file)) {
            throw new InputException(file + ": is a folder; expected a file; move it away");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[BUFFER];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The SHA-256 of bytes in lower-case hexadecimal. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(newSha256().digest(bytes));
    }
}
