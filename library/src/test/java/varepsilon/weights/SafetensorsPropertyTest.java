package varepsilon.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

class SafetensorsPropertyTest {
    private final Path path = temporaryFile();
    private Scope scope;

    private static Path temporaryFile() {
        try {
            Path file = Files.createTempFile("varepsilon", ".safetensors");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeTry
    void openScope() {
        scope = Scope.open();
    }

    @AfterTry
    void closeScope() throws IOException {
        scope.close();
        Files.deleteIfExists(path);
    }

    /** A tensor before it is one: what it takes to make it, again and again. */
    record Recipe(DType dtype, List<Integer> shape, long seed) {
        Tensor make() {
            long[] sizes = shape.stream().mapToLong(Integer::longValue).toArray();
            byte[] bytes = new byte[(int) Arrays.stream(sizes).reduce(dtype.bytes(), (a, b) -> a * b)];
            new Random(seed).nextBytes(bytes);
            if (dtype == DType.BOOL) {
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] &= 1;
                }
            }
            return Tensor.ofRaw(ByteBuffer.wrap(bytes), dtype, sizes);
        }
    }

    @Provide
    Arbitrary<Map<String, Recipe>> recipes() {
        Arbitrary<Recipe> recipe = Combinators.combine(
                        Arbitraries.of(DType.values()),
                        Arbitraries.integers().between(0, 4).list().ofMaxSize(5),
                        Arbitraries.longs())
                .as(Recipe::new);
        return Arbitraries.maps(text().filter(name -> !name.equals("__metadata__")), recipe)
                .ofMaxSize(6);
    }

    @Provide
    Arbitrary<Map<String, String>> metadata() {
        return Arbitraries.maps(text(), text()).ofMaxSize(4);
    }

    private static Arbitrary<String> text() {
        return Arbitraries.strings()
                .ofMaxLength(12)
                .filter(text -> StandardCharsets.UTF_8.newEncoder().canEncode(text));
    }

    @Property(tries = 100)
    void whatIsWrittenIsRead(
            @ForAll("recipes") Map<String, Recipe> recipes, @ForAll("metadata") Map<String, String> metadata)
            throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        recipes.forEach((name, recipe) -> tensors.put(name, recipe.make()));

        Safetensors.write(path, Weights.of(tensors, metadata));
        Weights read = Weights.read(path);

        assertThat(read.metadata()).isEqualTo(metadata);
        assertThat(List.copyOf(read.names())).isEqualTo(List.copyOf(tensors.keySet()));
        tensors.forEach((name, tensor) -> {
            assertThat(read.get(name).dtype()).isEqualTo(tensor.dtype());
            assertThat(read.get(name).shape()).isEqualTo(tensor.shape());
            assertThat(read.get(name).toRaw()).isEqualTo(tensor.toRaw());
        });
    }

    @Property(tries = 1000)
    void aDamagedFileIsReadOrRefusedAndNothingElse(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int changes)
            throws IOException {
        Files.write(path, Damage.of(wholeFile(), changes, new Random(seed)));

        try {
            Weights.read(path).tensors().values().forEach(Tensor::toRaw);
        } catch (InputException e) {
            assertThat(e.getMessage()).startsWith(path.toString()).doesNotContain("\n");
        }
    }

    private static byte[] wholeFile() {
        String header = "{'__metadata__':{'format':'pt'},"
                + "'conv1.weight':{'dtype':'F32','shape':[2,3],'data_offsets':[8,32]},"
                + "'steps':{'dtype':'I64','shape':[],'data_offsets':[0,8]},"
                + "'mask':{'dtype':'U8','shape':[5],'data_offsets':[32,37]}}";
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(Long.BYTES + json.length + 37).order(ByteOrder.LITTLE_ENDIAN);
        return file.putLong(json.length).put(json).array();
    }

    @Example
    void theFileThatIsDamagedIsWhole() throws IOException {
        Files.write(path, wholeFile());
        assertThat(Weights.read(path).names()).containsExactly("conv1.weight", "steps", "mask");
    }
}
