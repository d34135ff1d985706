package varepsilon.generative;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.coding.CodedFile;
import varepsilon.coding.NormalBuckets;
import varepsilon.data.ImageShape;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;

/**
 * What the decoder of images compressed by {@link BitsBack} needs to know. The networks must give it the same numbers,
 * to the last bit, as they gave the encoder, so the header says what these depend on.
 *
 * @param format {@value #FORMAT}
 * @param program version of this library
 * @param engine what computed: the native engine, its platform and the processor's instructions
 * @param threads of the engine
 * @param device {@code cpu} or {@code cuda}
 * @param modelSha256 of the weight file
 * @param image shape of an image, such as {@code 1x28x28}
 * @param levels of a value
 * @param n number of images
 * @param latentBits logarithm of the number of buckets of a latent dimension
 * @param seed of the random bits with which the stack began
 * @param initialWords how many words of them, beside the head, were used
 * @param imagesSha256 of the levels
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record BitsBackHeader(
        String format,
        String program,
        Map<String, String> engine,
        int threads,
        String device,
        String modelSha256,
        String image,
        int levels,
        int n,
        int latentBits,
        long seed,
        int initialWords,
        String imagesSha256) {
    /** Names the coding. */
    static final String FORMAT = "bits-back";

    private static final int MOST_THREADS = 1024;
    private static final String CPU = "cpu";
    private static final String CUDA = "cuda";

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    /** Rejects values out of range. */
    public BitsBackHeader {
        require(format.equals(FORMAT), "format", format, FORMAT);
        require(threads >= 1 && threads <= MOST_THREADS, "threads", threads, "1 to " + MOST_THREADS);
        require(Set.of(CPU, CUDA).contains(device), "device", device, CPU + " or " + CUDA);
        require(ImageShape.parse(image).isPresent(), "image", image, "CxHxW");
        require(levels >= 2 && levels <= 256, "levels", levels, "2 to 256");
        require(n >= 1, "n", n, "at least 1");
        require(
                latentBits >= 1 && latentBits <= NormalBuckets.MAX_BITS,
                "latent_bits",
                latentBits,
                "1 to " + NormalBuckets.MAX_BITS);
        require(initialWords >= 0, "initial_words", initialWords, "at least 0");
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new InputException(name + " " + value + ": expected " + expected);
        }
    }

    /**
     * The header of a file.
     *
     * @param file named in errors
     * @throws InputException where it is not one of these
     */
    public static BitsBackHeader of(CodedFile coded, Path file) {
        try {
            return JSON.readValue(coded.header(), BitsBackHeader.class);
        } catch (JsonProcessingException e) {
            String why = e.getCause() instanceof InputException refused
                    ? refused.getMessage()
                    : "expected a JSON object with all of its keys";
            throw new InputException(
                    (file + ": its header is not that of compressed images: " + why).replaceAll("\\p{C}+", " "), e);
        }
    }

    /** The header as text. */
    String text() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a header cannot be written", e);
        }
    }

    /** The shape of an image. */
    ImageShape shape() {
        return ImageShape.parse(image).orElseThrow();
    }

    /** This library's version. */
    static String thisProgram() {
        String version = BitsBackHeader.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** What the engine's results depend on, here. */
    static Map<String, String> thisEngine() {
        Map<String, String> here = new LinkedHashMap<>(Engine.describe());
        here.keySet().retainAll(Set.of("engine", "platform", "onednn", "cpu_capability"));
        return here;
    }

    /** {@code cpu} or {@code cuda}. */
    static String kind(Device device) {
        return device.kind() == Device.Kind.CPU ? CPU : CUDA;
    }

    /**
     * Rejects anything else than the model, the program, the engine and the threads that compressed.
     *
     * @param file named in errors
     */
    void requireSame(String model, Device device, Path file) {
        if (!modelSha256.equals(model)) {
            throw refused(
                    file,
                    "compressed with other weights (SHA-256 " + modelSha256 + ", these have " + model
                            + "); decompress it with those");
        }
        requireSame("version of this program", program, thisProgram(), file);
        requireSame("engine", engine, thisEngine(), file);
        requireSame("device", this.device, kind(device), file);
        requireSame("number of threads", threads, Engine.threads(), file);
    }

    private static void requireSame(String what, Object written, Object here, Path file) {
        if (!written.equals(here)) {
            throw refused(
                    file,
                    "compressed with another " + what + ": " + written + ", here it is " + here
                            + "; the networks would round differently, so decompress it where it was compressed");
        }
    }

    private static InputException refused(Path file, String why) {
        return new InputException((file + ": " + why).replaceAll("\\p{C}+", " "));
    }
}
