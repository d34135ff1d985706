package varepsilon.classify;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import varepsilon.nn.Init;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;

/** Each test runs in a scope of its own; random streams and classifiers made here are freed after it. */
abstract class ScopedTest {
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    @BeforeEach
    void openScope() {
        owned.push(Scope.open());
    }

    @AfterEach
    void closeAll() throws Exception {
        while (!owned.isEmpty()) {
            owned.pop().close();
        }
    }

    final <C extends AutoCloseable> C closing(C resource) {
        owned.push(resource);
        return resource;
    }

    final Init init(DType dtype, long seed) {
        return new Init(closing(Seed.of(seed).stream()), Device.CPU, dtype);
    }

    final NetworkClassifier create(Architecture architecture, DType dtype) {
        return closing(architecture.create(init(dtype, 5)));
    }

    /** The rows of a fixture, cut at commas. */
    static List<String[]> rows(String resource) {
        try (InputStream in = ScopedTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split(","))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The numbers of all rows that begin with these two words, one row after the other. */
    static double[] answers(String resource, String name, String kind) {
        return rows(resource).stream()
                .filter(row -> row[0].equals(name) && row[1].equals(kind))
                .flatMapToDouble(row -> Arrays.stream(row).skip(2).mapToDouble(Double::parseDouble))
                .toArray();
    }

    /** A fixture as a file. */
    static Path fixture(String name) {
        return Path.of("src/test/resources/varepsilon/classify", name);
    }
}
