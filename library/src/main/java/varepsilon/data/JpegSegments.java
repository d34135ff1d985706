package varepsilon.data;

import java.io.ByteArrayOutputStream;

/**
 * The metadata of a JPEG file: segments of a marker, a length and content, before the first scan (ITU-T
 * T.81, B.1).
 */
final class JpegSegments {
    private static final int SOI = 0xd8;
    private static final int SOS = 0xda;
    private static final int FIRST_APPLICATION = 0xe0;
    private static final int LAST_APPLICATION = 0xef;
    /** JFIF: the picture is grey or YCbCr. */
    private static final int JFIF = 0xe0;
    /** Adobe's: whether it is RGB, YCbCr, CMYK or YCCK. */
    private static final int ADOBE = 0xee;

    private JpegSegments() {}

    /** Whether these first bytes are those of a JPEG file. */
    static boolean startHere(byte[] head) {
        return head.length >= 2 && (head[0] & 0xff) == 0xff && (head[1] & 0xff) == SOI;
    }

    /**
     * The file without the segments that do not decide its samples: colour profiles, by which readers would convert
     * them, Exif, comments of applications. Bytes that are not segments are copied unchanged, and the decoder reports
     * errors.
     */
    static byte[] onlyThoseOfSamples(byte[] jpeg) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream(jpeg.length);
        int at = 2;
        kept.write(jpeg, 0, at);
        while (at + 4 <= jpeg.length && (jpeg[at] & 0xff) == 0xff) {
            int marker = jpeg[at + 1] & 0xff;
            int end = at + 2 + ((jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff);
            if (marker == SOS || marker == 0xff || end > jpeg.length) {
                break;
            }
            boolean application = marker >= FIRST_APPLICATION && marker <= LAST_APPLICATION;
            if (!application || marker == JFIF || marker == ADOBE) {
                kept.write(jpeg, at, end - at);
            }
            at = end;
        }
        kept.write(jpeg, at, jpeg.length - at);
        return kept.toByteArray();
    }
}
