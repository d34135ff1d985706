package varepsilon.classify;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import varepsilon.ScopedTest;
import varepsilon.tensor.DType;

/** What tests of classifiers share: networks that are freed after the test, and fixtures. */
abstract class ClassifierTest extends ScopedTest {
    final NetworkClassifier create(Architecture architecture, DType dtype) {
        return closing(architecture.create(init(dtype, 5)));
    }

    /** The rows of a fixture, cut at commas. */
    static List<String[]> rows(String resource) {
        try (InputStream in = ClassifierTest.class.getResourceAsStream(resource)) {
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
