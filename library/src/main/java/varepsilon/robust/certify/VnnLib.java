package varepsilon.robust.certify;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import varepsilon.base.InputException;

/**
 * Properties of networks as the verification competition VNN-COMP states them: VNN-LIB 1.0 (Demarchi, Guidotti, Pulina,
 * Tacchella 2023, "Supporting standardization of neural networks verification with VNN-LIB and CoCoNet"), a subset of
 * SMT-LIB. A file declares the inputs X_0, X_1, … and outputs Y_0, Y_1, … of a network, and asserts what an input and
 * its output keep where the network is unsafe: bounds of the inputs, linear inequalities of the outputs, and {@code
 * and} and {@code or} of these. It does not name the network.
 */
public final class VnnLib {
    private VnnLib() {}

    /**
     * That no input in a box has an unsafe output.
     *
     * @param lower bounds of the inputs, as the network takes them, in row-major order
     * @param upper bounds of the same inputs, none below its lower one
     * @param outputs how many the network has
     * @param unsafe what unsafe outputs keep: all inequalities of at least one of these, of which none is empty
     */
    public record Property(double[] lower, double[] upper, int outputs, List<List<Inequality>> unsafe) {
        /** Copies the lists. */
        public Property {
            unsafe = unsafe.stream().map(List::copyOf).toList();
        }

        /** Whether these outputs are among the unsafe ones. */
        public boolean isUnsafe(double[] values) {
            return unsafe.stream()
                    .anyMatch(all -> all.stream().allMatch(inequality -> inequality.valueAt(values) <= 0));
        }

        /**
         * The true class, where the property is that of classification: outputs are unsafe where those of any other
         * class are at least as large.
         */
        public OptionalInt label() {
            BitSet labels = new BitSet();
            BitSet others = new BitSet();
            for (List<Inequality> all : unsafe) {
                if (all.size() != 1 || !all.get(0).comparesTwo()) {
                    return OptionalInt.empty();
                }
                labels.set(all.get(0).indexOf(1));
                others.set(all.get(0).indexOf(-1));
            }
            boolean isClassification =
                    labels.cardinality() == 1 && others.cardinality() == outputs - 1 && !others.intersects(labels);
            return isClassification ? OptionalInt.of(labels.nextSetBit(0)) : OptionalInt.empty();
        }
    }

    /**
     * A linear inequality of outputs: Σⱼ coefficients[j]·Y_j + constant ≤ 0.
     *
     * @param coefficients one an output
     */
    public record Inequality(double[] coefficients, double constant) {
        /** The left side for these outputs. */
        public double valueAt(double[] values) {
            if (values.length != coefficients.length) {
                throw new IllegalArgumentException(
                        values.length + " outputs; the property is of " + coefficients.length);
            }
            double sum = constant;
            for (int j = 0; j < coefficients.length; j++) {
                // An output without a part in it may be infinite.
                sum += coefficients[j] == 0 ? 0 : coefficients[j] * values[j];
            }
            return sum;
        }

        /** Whether it is that of one output being at most another: Y_i − Y_j ≤ 0. */
        private boolean comparesTwo() {
            return constant == 0
                    && indexOf(1) >= 0
                    && indexOf(-1) >= 0
                    && IntStream.range(0, coefficients.length)
                                    .filter(j -> coefficients[j] != 0)
                                    .count()
                            == 2;
        }

        /** The first output of that coefficient, or −1. */
        private int indexOf(double coefficient) {
            return IntStream.range(0, coefficients.length)
                    .filter(j -> coefficients[j] == coefficient)
                    .findFirst()
                    .orElse(-1);
        }
    }

    /**
     * Reads the properties of a file, gzip or not, told by the content. They are one for each box of inputs: the
     * network is safe where it has them all. Numbers are the doubles nearest to those written.
     *
     * @return at least one
     * @throws InputException where the file is not such a text, or is damaged or too large; where conditions on inputs
     *     are not those of a box, or a bound is missing; where there is no condition on outputs
     * @throws IOException where it cannot be read
     */
    public static List<Property> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(file.toString(), in);
        }
    }

    /** As above, from a stream, which remains the caller's. */
    static List<Property> read(String name, InputStream in) throws IOException {
        try {
            return new VnnLibReader(new SmtTokens(name, unpacked(new BufferedInputStream(in)))).read();
        } catch (EOFException | ZipException e) {
            throw new InputException(
                    name + ": damaged or cut off gzip data (" + e.getMessage() + "); fetch or copy it again", e);
        }
    }

    private static InputStream unpacked(InputStream in) throws IOException {
        in.mark(2);
        byte[] head = in.readNBytes(2);
        in.reset();
        boolean packed = head.length == 2 && head[0] == 0x1f && (head[1] & 0xff) == 0x8b;
        return packed ? new GZIPInputStream(in, 1 << 16) : in;
    }
}
