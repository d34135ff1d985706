package varepsilon.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

class SafetensorsTest extends ScopedTest {
    @TempDir
    Path folder;

    /** A file by hand: the length of the header, the header, then as many bytes of 0, 1, 2, …. */
    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        for (int i = 0; i < dataBytes; i++) {
            bytes.put((byte) i);
        }
        return Files.write(folder.resolve("weights.safetensors"), bytes.array());
    }

    @Test
    void writesTheBytesOfTheFormat() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("flags", Tensor.ofRaw(ByteBuffer.wrap(new byte[] {1, 0, 1}), DType.BOOL, 3));
        tensors.put("w", Tensor.of(new float[] {1, -2}, 1, 2));
        Path path = folder.resolve("new/weights.safetensors");

        Safetensors.write(path, Weights.of(tensors, Map.of("format", "pt")));

        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = (int) bytes.getLong();
        byte[] header = new byte[headerBytes];
        bytes.get(header);
        assertThat(headerBytes % 8).isZero();
        assertThat(new String(header, StandardCharsets.UTF_8).stripTrailing())
                .isEqualTo("{\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"flags\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[8,11]},"
                        + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}");
        assertThat(bytes.getFloat()).isEqualTo(1f);
        assertThat(bytes.getFloat()).isEqualTo(-2f);
        assertThat(new byte[] {bytes.get(), bytes.get(), bytes.get()}).containsExactly(1, 0, 1);
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @Test
    void readsTensorsInTheHeadersOrderWhateverTheOrderOfTheirBytes() throws IOException {
        Path path = file(
                "{\"b\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[3,7]},"
                        + "\"a\":{\"dtype\":\"U8\",\"shape\":[3,1],\"data_offsets\":[0,3]},"
                        + "\"__metadata__\":{\"k\":\"v\"}}  ",
                7);

        Weights weights = Safetensors.read(path);

        assertThat(weights.names()).containsExactly("b", "a");
        assertThat(weights.get("b").toLongs()).containsExactly(3 + 256 * 4, 5 + 256 * 6);
        assertThat(weights.get("a").toLongs()).containsExactly(0, 1, 2);
        assertThat(weights.get("a").shape()).containsExactly(3, 1);
        assertThat(weights.get("a").dtype()).isEqualTo(DType.UINT8);
        assertThat(weights.metadata("k")).contains("v");
        assertThat(weights.metadata("other")).isEmpty();
    }

    @Test
    void keepsNamesMetadataAndEmptyShapes() throws IOException {
        List<String> names = List.of("", " ", "a\"b\\c", "line\nbreak\t\u0000", "ε·σ", "\uD83D\uDE00", "a/../b");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (String name : names) {
            tensors.put(name, Tensor.full(names.indexOf(name), DType.FLOAT32));
            metadata.put(name, name + name);
        }
        tensors.put("no elements", Tensor.zeros(DType.FLOAT64, 2, 0, 3));
        Path path = folder.resolve("weights.safetensors");

        Safetensors.write(path, Weights.of(tensors, metadata));
        Weights read = Safetensors.read(path);

        assertThat(List.copyOf(read.names())).isEqualTo(List.copyOf(tensors.keySet()));
        assertThat(read.metadata()).isEqualTo(metadata);
        assertThat(read.get("ε·σ").shape()).isEmpty();
        assertThat(read.get("ε·σ").item()).isEqualTo(4);
        assertThat(read.get("no elements").shape()).containsExactly(2, 0, 3);
    }

    @Test
    void anEmptyMapOfWeightsIsAFileToo() throws IOException {
        Path path = folder.resolve("none.safetensors");
        Safetensors.write(path, Weights.of(Map.of(), Map.of()));
        assertThat(Safetensors.read(path).names()).isEmpty();
    }

    @Test
    void refusesToWriteWhatCouldNotBeReadAndLeavesTheOldFile() throws IOException {
        Path path = folder.resolve("weights.safetensors");
        Safetensors.write(path, Weights.of(Map.of("w", Tensor.of(new float[] {1}, 1)), Map.of()));
        byte[] before = Files.readAllBytes(path);
        Tensor tensor = Tensor.zeros(DType.FLOAT32, 1);

        assertThatThrownBy(() -> Safetensors.write(path, Weights.of(Map.of("__metadata__", tensor), Map.of())))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Safetensors.write(path, Weights.of(Map.of("half \uD83D", tensor), Map.of())))
                .isInstanceOf(IllegalArgumentException.class);
        Tensor closed = Tensor.zeros(DType.FLOAT32, 1);
        closed.close();
        assertThatThrownBy(() -> Safetensors.write(path, Weights.of(Map.of("w", closed), Map.of())))
                .isInstanceOf(IllegalStateException.class);

        assertThat(Files.readAllBytes(path)).isEqualTo(before);
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(path);
        }
    }

    @ParameterizedTest(name = "{index}: {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
            # header (with ' for ")                                                                 | data | message has
            ^^                                                                                      | 4    | neither a safetensors file
            [1]                                                                                     | 4    | neither a safetensors file
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}                                   | 4    | not the JSON
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} x                                | 4    | not the JSON
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} {}                               | 4    | goes on after
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{'dtype':'F32'}}              | 4    | Duplicate field 'a'
            {'a':[[[[[[[[]]]]]]]]}                                                                  | 4    | expected START_OBJECT
            {'a':{'shape':[[[[1]]]]}}                                                               | 4    | nesting depth
            {'a':{'dtype':'F32','shape':[1]}}                                                       | 4    | needs a dtype, a shape and two
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[4]}}                                    | 4    | needs a dtype, a shape and two
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':1}}                            | 4    | unknown key 'x'
            {'a':{'dtype':'F33','shape':[1],'data_offsets':[0,4]}}                                  | 4    | dtype 'F33'; known are [F64
            {'a':{'dtype':1,'shape':[1],'data_offsets':[0,4]}}                                      | 4    | expected VALUE_STRING
            {'a':{'dtype':'F32','shape':1,'data_offsets':[0,4]}}                                    | 4    | expected START_ARRAY
            {'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}}                                | 4    | expected VALUE_NUMBER_INT
            {'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}                                 | 4    | dimension of size -1
            {'a':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,4]}}               | 4    | not the JSON
            {'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}}              | 0    | beyond all memory
            {'a':{'dtype':'F32','shape':[0,4294967296,4294967296],'data_offsets':[0,0]}}            | 0    | beyond all memory
            {'a':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,0]}}                | 0    | beyond all memory
            {'a':{'dtype':'F32','shape':[536870912],'data_offsets':[0,2147483648]}}                 | 4    | at most 2 GB
            {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}}                                  | 4    | takes 8 bytes
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}                                  | 4    | data_offsets [4, 0]
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}}                                 | 4    | data_offsets [-4, 0]
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[-9223372036854775808,9223372036854775807]}} | 4 | data_offsets [-9223372036854775808
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}                                  | 3    | the file is truncated
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}                                  | 5    | belong to no tensor
            {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}                                  | 8    | leaves a gap before it
            {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[2,6]}} | 6 | 'b' at byte 2 overlaps
            {'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | 4 | 'b' at byte 0 overlaps
            {'__metadata__':{'k':1}}                                                                | 0    | metadata 'k'
            {'__metadata__':[]}                                                                     | 0    | expected START_OBJECT
            {'__metadata__':{},'__metadata__':{}}                                                   | 0    | Duplicate field
            """)
    void refusesWhatIsNotTheFormat(String header, int dataBytes, String message) throws IOException {
        Path path = file(header.replace('\'', '"'), dataBytes);
        assertRefused(path, message);
    }

    private static void assertRefused(Path path, String message) {
        assertThatThrownBy(() -> Safetensors.read(path))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path + ": ")
                .hasMessageContaining(message)
                .message()
                .doesNotContain("\n")
                .hasSizeLessThan(path.toString().length() + 400);
    }

    @Test
    void refusesHeadersThatAreTooLongTooDeepOrNotText() throws IOException {
        Path path = folder.resolve("weights.safetensors");
        for (long length : new long[] {1L << 60, Long.MAX_VALUE, -1, 17, SafetensorsHeader.MAX_BYTES + 1L}) {
            ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
            Files.write(path, bytes.putLong(length).put((byte) '{').array());
            assertRefused(path, "header's length, say " + Long.toUnsignedString(length) + ", but the file has 24");
        }
        file("{\"a\":" + "[".repeat(1 << 20), 0);
        assertRefused(path, "expected START_OBJECT");
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[" + "1,".repeat(1 << 20) + "1]}}", 0);
        assertRefused(path, "more than 64 numbers");
        file("{\"__metadata__\":{" + keys(100_001, "\"\"") + "}}", 0);
        assertRefused(path, "more than 100000 keys of metadata");
        file("{" + keys(100_001, "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}") + "}", 0);
        assertRefused(path, "more than 100000 tensors");
        Files.write(path, new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xff});
        assertRefused(path, "not UTF-8");
    }

    private static String keys(int count, String value) {
        return IntStream.range(0, count)
                .mapToObj(i -> "\"" + Integer.toString(i, Character.MAX_RADIX) + "\":" + value)
                .collect(Collectors.joining(","));
    }

    @Test
    void refusesMissingEmptyAndTruncatedFilesAndFolders() throws IOException {
        assertRefused(folder.resolve("absent.safetensors"), "no such file");
        assertRefused(folder, "a folder");
        Path path = file("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4);
        byte[] whole = Files.readAllBytes(path);
        for (int length = 0; length < whole.length; length++) {
            Files.write(path, Arrays.copyOf(whole, length));
            assertRefused(path, length < 8 ? "has " + length + " bytes" : "truncated");
        }
    }

    @Test
    void namesOfAFileCannotBreakTheLineOfAMessage() throws IOException {
        Path path = file("{\"a\\n\\u001b[31mred" + "x".repeat(1000) + "\":{\"dtype\":\"F9\"}}", 0);
        assertRefused(path, "tensor 'a [31mredxxx");
    }

    @Test
    void readsThePublishedWeights() throws IOException {
        String data = System.getenv("VAREPSILON_DATA");
        assumeTrue(data != null, "VAREPSILON_DATA is not set: the published weights are not there");
        Path path = Path.of(data, "weights", "cifar10-resnet20.safetensors");
        assumeTrue(Files.exists(path), path + " is not there");

        Weights weights = Weights.read(path);

        assertThat(weights.metadata("architecture")).contains("resnet20");
        assertThat(weights.metadata("normalize_std")).contains("0.229,0.224,0.225");
        assertThat(weights.get("conv1.weight").shape()).containsExactly(16, 3, 3, 3);
        assertThat(weights.get("linear.weight").shape()).containsExactly(10, 64);
        // ResNet-20 has 269,722 trained numbers (He et al. 2016, table 6, counts 0.27 million).
        long trained = weights.tensors().entrySet().stream()
                .filter(named -> !named.getKey().contains("running_"))
                .mapToLong(named -> named.getValue().count())
                .sum();
        assertThat(trained).isEqualTo(269_722);
        assertThat(weights.get("bn1.running_var").toDoubles()).hasSize(16);
        assertThat(Arrays.stream(weights.get("bn1.running_var").toDoubles())).allMatch(variance -> variance > 0);

        Path copy = folder.resolve("copy.safetensors");
        Safetensors.write(copy, weights);
        Weights again = Safetensors.read(copy);
        assertThat(again.metadata()).isEqualTo(weights.metadata());
        weights.tensors()
                .forEach((name, tensor) ->
                        assertThat(again.get(name).toRaw()).as(name).isEqualTo(tensor.toRaw()));
    }
}
