package varepsilon.robust.certify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;
import varepsilon.robust.certify.VnnLib.Inequality;
import varepsilon.robust.certify.VnnLib.Property;

/** Texts in the forms of the public benchmarks of VNN-COMP, and texts in none. */
class VnnLibTest {
    private static final String DECLARED = """
            (declare-const X_0 Real)
            (declare-const X_1 Real)
            (declare-const Y_0 Real)
            (declare-const Y_1 Real)
            (declare-const Y_2 Real)
            """;

    private static final String BOX = """
            (assert (<= X_0 0.75))
            (assert (>= X_0 0.25))
            (assert (<= X_1 1))
            (assert (>= X_1 -1e-1))
            """;

    private static final String UNSAFE = "(assert (<= Y_0 Y_1))\n";

    private List<Property> read(String text) {
        return read(text.getBytes(StandardCharsets.UTF_8));
    }

    private List<Property> read(byte[] bytes) {
        try {
            return VnnLib.read("property.vnnlib", new ByteArrayInputStream(bytes));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Property readOne(String text) {
        List<Property> properties = read(text);
        assertThat(properties).hasSize(1);
        return properties.get(0);
    }

    private static void assertInequality(Inequality found, double constant, double... coefficients) {
        assertThat(found.coefficients()).containsExactly(coefficients);
        assertThat(found.constant()).isEqualTo(constant);
    }

    @Test
    void classification() {
        Property property = readOne("; label 1\n" + DECLARED + BOX + """

                ; another class is at least as probable
                (assert (or
                    (and (>= Y_0 Y_1)) ; the first
                    (and (<= Y_1 Y_2))
                ))
                """);

        assertThat(property.lower()).containsExactly(0.25, -0.1);
        assertThat(property.upper()).containsExactly(0.75, 1);
        assertThat(property.outputs()).isEqualTo(3);
        assertThat(property.unsafe())
                .hasSize(2)
                .allSatisfy(all -> assertThat(all).hasSize(1));
        assertInequality(property.unsafe().get(0).get(0), 0, -1, 1, 0);
        assertInequality(property.unsafe().get(1).get(0), 0, 0, 1, -1);
        assertThat(property.label()).hasValue(1);
        assertThat(property.isUnsafe(new double[] {1, 2, 1.9})).isFalse();
        assertThat(property.isUnsafe(new double[] {2, 2, 1.9})).isTrue();
        assertThat(property.isUnsafe(new double[] {1, 2, 3})).isTrue();
    }

    @Test
    void aTargetClassIsNoLabel() {
        assertThat(readOne(DECLARED + BOX + "(assert (>= Y_0 Y_1))").label()).isEmpty();
        assertThat(readOne(DECLARED + BOX + "(assert (or (>= Y_0 Y_1) (>= Y_1 Y_0)))")
                        .label())
                .isEmpty();
        assertThat(readOne(DECLARED + BOX + "(assert (or (>= Y_0 Y_1) (>= Y_2 (+ Y_1 0.1))))")
                        .label())
                .isEmpty();
        assertThat(readOne(DECLARED + BOX + "(assert (or (>= Y_0 Y_1) (>= (* 2 Y_2) Y_1)))")
                        .label())
                .isEmpty();
        assertThat(readOne(DECLARED + BOX + "(assert (>= Y_0 Y_1))(assert (>= Y_2 Y_1))")
                        .label())
                .isEmpty();
    }

    /** As ACAS Xu's: assertions are conditions that hold together. */
    @Test
    void aConjunction() {
        Property property =
                readOne(DECLARED + BOX + "(assert (<= Y_0 Y_1))(assert (and (<= Y_0 Y_2) (>= Y_0 (- 3.5))))");

        assertThat(property.unsafe()).hasSize(1);
        List<Inequality> all = property.unsafe().get(0);
        assertThat(all).hasSize(3);
        assertInequality(all.get(0), 0, 1, -1, 0);
        assertInequality(all.get(1), 0, 1, 0, -1);
        assertInequality(all.get(2), -3.5, -1, 0, 0);
        assertThat(property.isUnsafe(new double[] {-3.5, 0, 0})).isTrue();
        assertThat(property.isUnsafe(new double[] {-3.6, 0, 0})).isFalse();
        assertThat(property.isUnsafe(new double[] {0, 1, -1})).isFalse();
    }

    /** As ACAS Xu's sixth: boxes by one disjunction and outputs by another, so each box with each output. */
    @Test
    void severalBoxes() {
        List<Property> properties = read(DECLARED + """
                (assert (<= X_1 0.5))
                (assert (or
                    (and (>= X_0 -2) (<= X_0 -1) (>= X_1 0))
                    (and (>= X_0 1) (<= X_0 2) (>= X_1 0.25) (<= X_1 0.75))))
                (assert (or (<= Y_1 Y_0) (and (<= Y_2 Y_0) (<= Y_2 4))))
                """);

        assertThat(properties).hasSize(2);
        assertThat(properties.get(0).lower()).containsExactly(-2, 0);
        assertThat(properties.get(0).upper()).containsExactly(-1, 0.5);
        assertThat(properties.get(1).lower()).containsExactly(1, 0.25);
        assertThat(properties.get(1).upper()).containsExactly(2, 0.5);
        for (Property property : properties) {
            assertThat(property.unsafe()).hasSize(2);
            assertInequality(property.unsafe().get(0).get(0), 0, -1, 1, 0);
            assertInequality(property.unsafe().get(1).get(0), 0, -1, 0, 1);
            assertInequality(property.unsafe().get(1).get(1), -4, 0, 0, 1);
        }
    }

    /** The same box in every alternative is one box, so the label is found. */
    @Test
    void theBoxInsideOfEachAlternative() {
        String box = "(>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1)";
        Property property =
                readOne(DECLARED + "(assert (or (and " + box + " (>= Y_1 Y_0)) (and " + box + " (>= Y_2 Y_0))))");

        assertThat(property.lower()).containsExactly(0, 0);
        assertThat(property.upper()).containsExactly(1, 1);
        assertThat(property.label()).hasValue(0);
    }

    /** Every alternative of one formula with every alternative of the others, also within a conjunction. */
    @Test
    void formulasAreMultipliedOut() {
        Property property = readOne(DECLARED + BOX + """
                (assert (and
                    (or (<= Y_0 1) (or (<= Y_0 2) (and (<= Y_0 3) (<= Y_0 4))))
                    (<= Y_1 5)
                    (or (<= Y_2 6) (<= Y_2 7))))
                """);

        assertThat(property.unsafe().stream()
                        .map(all -> all.stream()
                                .map(inequality -> (int) -inequality.constant())
                                .toList()))
                .containsExactly(
                        List.of(5, 1, 6),
                        List.of(5, 1, 7),
                        List.of(5, 2, 6),
                        List.of(5, 2, 7),
                        List.of(5, 3, 4, 6),
                        List.of(5, 3, 4, 7));
    }

    @Test
    void linearConditionsAreCollected() {
        Property property = readOne(DECLARED + BOX + """
                (assert (<= (+ (* 2 Y_0) (* Y_1 -0.5) 3 (- Y_2)) (- Y_0 1 (* 4 (+ Y_2 Y_2 0.25)))))
                """);

        // 2·Y_0 − ½·Y_1 + 3 − Y_2 − (Y_0 − 1 − 8·Y_2 − 1) ≤ 0
        assertInequality(property.unsafe().get(0).get(0), 5, 1, -0.5, 7);
    }

    @Test
    void boundsInOtherForms() {
        Property property = readOne(DECLARED + """
                (assert (and (<= 0.25 X_0) (>= 0.5 X_0)))
                (assert (<= (* -2 X_1) 3))
                (assert (<= (+ X_1 1) (- X_1 (- X_1 1.5))))
                (assert (<= X_1 100))
                """ + UNSAFE);

        assertThat(property.lower()).containsExactly(0.25, -1.5);
        assertThat(property.upper()).containsExactly(0.5, 0.5);
    }

    @ParameterizedTest
    @CsvSource({
        "0.1, 0.1",
        "(- 0.5), -0.5",
        "-0.5, -0.5",
        "1e-05, 1e-5",
        "-1.5E+3, -1500",
        ".5, 0.5",
        "5., 5",
        "-0.0, 0",
        "1.8010209798812866, 1.8010209798812866",
        "0.1000000000000000055511151231257827021181583404541015625, 0.1",
        "4.9406564584124654e-324, 4.9406564584124654e-324"
    })
    void numbersAreTheNearestDoubles(String text, double expected) {
        Property property = readOne("(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 " + text
                + "))(assert (>= X_0 " + text + "))(assert (>= Y_0 0))");

        assertThat(Double.doubleToLongBits(property.lower()[0])).isEqualTo(Double.doubleToLongBits(expected));
        assertThat(Double.doubleToLongBits(property.upper()[0])).isEqualTo(Double.doubleToLongBits(expected));
    }

    @Test
    void spaceAndCommentsDoNotCount() {
        String text = DECLARED + BOX + UNSAFE;
        Property expected = readOne(text);
        for (String same : List.of(
                text.replace("\n", ""),
                text.replace("\n", "\r\n"),
                text.replace(" ", " ; (and so\ton ((\n\t "),
                text.replace("\n", ";ü\n"),
                text.strip(),
                text + "; the end")) {
            Property property = readOne(same);
            assertThat(property.lower()).isEqualTo(expected.lower());
            assertThat(property.upper()).isEqualTo(expected.upper());
            assertThat(property.unsafe().get(0).get(0).coefficients()).containsExactly(1, -1, 0);
        }
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    @Test
    void gzipIsToldByTheContent(@TempDir Path folder) throws IOException {
        byte[] packed = gzip((DECLARED + BOX + UNSAFE).getBytes(StandardCharsets.UTF_8));
        Path file = Files.write(folder.resolve("property.vnnlib"), packed);

        assertThat(VnnLib.read(file).get(0).lower()).containsExactly(0.25, -0.1);
        byte[] cut = Arrays.copyOf(packed, packed.length - 12);
        assertRefused(() -> read(cut), "property.vnnlib: damaged or cut off gzip data");
        packed[packed.length / 2] ^= 0x55;
        assertThatThrownBy(() -> read(packed)).isInstanceOf(InputException.class);
        assertRefused(() -> read(new byte[] {0x1f, (byte) 0x8b, 1}), "gzip");
    }

    /** The bounds are not copied for every alternative. */
    @Test
    void readsLargeProperties() {
        int inputs = 50_000;
        int classes = 500;
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < inputs; i++) {
            text.append("(declare-const X_").append(i).append(" Real)\n");
        }
        for (int j = 0; j < classes; j++) {
            text.append("(declare-const Y_").append(j).append(" Real)\n");
        }
        for (int i = 0; i < inputs; i++) {
            text.append("(assert (<= X_")
                    .append(i)
                    .append(" 0.625))(assert (>= X_")
                    .append(i)
                    .append(" 0.375))\n");
        }
        text.append("(assert (or");
        for (int j = 1; j < classes; j++) {
            text.append(" (and (>= Y_").append(j).append(" Y_0))");
        }
        Property property = readOne(text.append("))").toString());

        assertThat(property.lower()).hasSize(inputs).containsOnly(0.375);
        assertThat(property.label()).hasValue(0);
    }

    /** What follows the declarations, the line of the error, and what is said of it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "(declare-const X_3 Real) | 6 | declares X_3; expected X_2 or Y_3",
                "(declare-const X_0 Real) | 6 | declares X_0; expected X_2",
                "(declare-const Z Real) | 6 | declares Z",
                "(declare-const X_2 Int) | 6 | X_2 is of type Int; expected Real",
                "(declare-fun X_2 () Real) | 6 | command declare-fun is unknown",
                "(vnnlib-version <2.0>) | 6 | VNN-LIB 1.0",
                "(check-sat) | 6 | command check-sat",
                "declare-const | 6 | found declare-const; expected (",
                ") | 6 | found ); expected (",
                "() | 6 | command ) is unknown",
                "(assert) | 6 | found ); expected (",
                "(assert X_0) | 6 | found X_0; expected (",
                "(assert (<= X_0 1) (<= X_1 1)) | 6 | found (; expected )",
                "(assert (< X_0 1)) | 6 | operator < is unknown here",
                "(assert (not (<= X_0 1))) | 6 | operator not",
                "(assert (=> (<= X_0 1) (<= Y_0 1))) | 6 | operator =>",
                "(assert (and)) | 6 | and of nothing",
                "(assert (or)) | 6 | or of nothing",
                "(assert (<= X_0)) | 6 | ) is unknown; expected a number",
                "(assert (<= 0 X_0 1)) | 6 | found 1; expected )",
                "(assert (<= X_2 1)) | 6 | X_2 is not declared",
                "(assert (<= Y_3 1)) | 6 | Y_3 is not declared",
                "(assert (<= Y_999999999 1)) | 6 | Y_999999999 is not declared",
                "(assert (<= Y_9999999999 1)) | 6 | Y_9999999999 is unknown",
                "(assert (<= X_00 1)) | 6 | X_00 is unknown",
                "(assert (<= x_0 1)) | 6 | x_0 is unknown",
                "(assert (<= X[0] 1)) | 6 | X[0] is unknown",
                "(assert (<= X_0 NaN)) | 6 | NaN is unknown",
                "(assert (<= X_0 Infinity)) | 6 | Infinity is unknown",
                "(assert (<= X_0 1e999)) | 6 | number 1e999 is too large",
                "(assert (<= X_0 0x1p3)) | 6 | 0x1p3 is unknown",
                "(assert (<= X_0 1.0f)) | 6 | 1.0f is unknown",
                "(assert (<= X_0 1.2.3)) | 6 | 1.2.3 is unknown",
                "(assert (<= X_0 .)) | 6 | . is unknown",
                "(assert (<= X_0 1e)) | 6 | 1e is unknown",
                "(assert (<= X_0 (* 1e200 1e200))) | 6 | numbers too large",
                "(assert (<= (* 1e-200 X_0) 1e200)) | 6 | numbers too large",
                "(assert (<= X_0 (/ 1 3))) | 6 | operator / is unknown",
                "(assert (<= X_0 (- ))) | 6 | ) is unknown",
                "(assert (<= (* Y_0 Y_1) 1)) | 6 | a product of inputs or outputs",
                "(assert (<= (* 2 3 Y_1) 1)) | 6 | found Y_1; expected )",
                "(assert (<= 0 1)) | 6 | a condition on no input or output",
                "(assert (<= X_0 X_0)) | 6 | a condition on no input or output",
                "(assert (<= X_0 X_1)) | 6 | X_0 and X_1 together, so the inputs are not a box",
                "(assert (<= (+ X_0 X_1) 1)) | 6 | not a box",
                "(assert (<= X_0 Y_0)) | 6 | X_0 and Y_0 together",
                "(assert (<= X_0 1) | 6 | ends within a command",
                "( | 6 | ends within a command",
                "(assert (<= X_0 é)) | 6 | byte 0xc3"
            })
    void refusesOtherTexts(String text, int line, String message) {
        assertRefused(() -> read(DECLARED + text), "property.vnnlib, line " + line + ": ", message);
    }

    @Test
    void namesTheLine() {
        assertRefused(
                () -> read(DECLARED + BOX + "\n; a comment\n(assert (or\n  (<= Y_0 1)\n  (<= Q 1)))"), "line 14: Q");
    }

    @Test
    void refusesWhatIsNoBox() {
        assertRefused(() -> read(DECLARED + UNSAFE), "X_0 has no lower bound; expected a box");
        assertRefused(() -> read(DECLARED + BOX.replace("(assert (<= X_1 1))", "") + UNSAFE), "X_1 has no upper bound");
        assertRefused(
                () -> read(DECLARED + BOX + UNSAFE + "(assert (<= X_0 0.2))"),
                "X_0 has the lower bound 0.25, above its upper bound 0.2");
    }

    @Test
    void refusesWhatStatesNothing() {
        assertRefused(() -> read(""), "0 inputs and 0 outputs are declared");
        assertRefused(() -> read("; nothing"), "0 inputs and 0 outputs");
        assertRefused(() -> read("(declare-const X_0 Real)"), "1 inputs and 0 outputs");
        assertRefused(() -> read(DECLARED + BOX), "no condition on the outputs; expected at least one");
        assertRefused(
                () -> read(DECLARED + BOX + "(assert (or (<= X_0 0.5) (<= Y_0 1)))"),
                "no condition on the outputs in one of the alternatives");
    }

    @ParameterizedTest
    @ValueSource(strings = {"(and ", "(or ", "(<= (+ ", "(<= (- ", "(<= (* 1 "})
    void refusesDeepNesting(String open) {
        assertRefused(() -> read(DECLARED + "(assert " + open.repeat(1_000_000)), "line 6: ");
        String operator = open.replace("(<= ", "");
        String deep = open + operator.repeat(1_000_000);
        assertRefused(() -> read(DECLARED + "(assert " + deep), "line 6: nested deeper than 100 levels");
    }

    /** 2⁴⁰ alternatives in 40 lines; and many that are written out. */
    @Test
    void refusesTooManyAlternatives() {
        String either = "(assert (or (<= Y_0 1) (<= Y_1 1)))\n";
        assertRefused(() -> read(DECLARED + either.repeat(40)), "more than 1048576 conditions");
        assertRefused(
                () -> read(DECLARED + "(assert (and " + "(or (<= Y_0 1) (<= Y_1 1))".repeat(40)),
                "more than 1048576 conditions");
        assertRefused(() -> read(DECLARED + "(assert (<= 0 (+" + " Y_0".repeat((1 << 20) + 1)), "line 6: more than");
    }

    /** 2¹⁵ alternatives of a thousand outputs would be 33 million coefficients. */
    @Test
    void refusesTooManyCoefficients() {
        StringBuilder text = new StringBuilder("(declare-const X_0 Real)(assert (and (<= X_0 1) (>= X_0 0)))\n");
        for (int j = 0; j < 1000; j++) {
            text.append("(declare-const Y_").append(j).append(" Real)\n");
        }
        text.append("(assert (or ").append("(<= Y_0 1)".repeat(1 << 15)).append("))");

        assertRefused(() -> read(text.toString()), "32768 inequalities of 1000 outputs: too many");
    }

    @Test
    void refusesLongWords() {
        assertRefused(
                () -> read(DECLARED + "(" + "a".repeat(1_000_000)), "line 6: a word of more than 100 characters: aaa");
    }

    /** A packed file of 70 KB that holds 70 MB. */
    @Test
    void refusesWhatUnpacksToTooMuch() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            byte[] spaces = new byte[1 << 20];
            Arrays.fill(spaces, (byte) ' ');
            for (int i = 0; i < 70; i++) {
                out.write(spaces);
            }
        }

        assertRefused(() -> read(packed.toByteArray()), "more than 67108864 bytes");
    }

    /** Every text cut off anywhere, and with any byte changed, is read or refused. */
    @Test
    void damageIsRefusedAndNothingElse() {
        String text = DECLARED + BOX + "(assert (or (and (>= Y_0 Y_1)) (<= (* 2 Y_1) Y_2)))";
        for (int i = 0; i < text.length(); i++) {
            readOrRefuse(text.substring(0, i).getBytes(StandardCharsets.UTF_8));
            for (char c : new char[] {'(', ')', ';', ' ', '9', '.', 'X', '-', '\0', '\n'}) {
                byte[] changed = text.getBytes(StandardCharsets.UTF_8);
                changed[i] = (byte) c;
                readOrRefuse(changed);
            }
        }
    }

    private void readOrRefuse(byte[] bytes) {
        try {
            assertThat(read(bytes)).isNotEmpty();
        } catch (InputException e) {
            assertThat(e).hasMessageContaining("property.vnnlib");
        }
    }

    @Test
    void outputsOfAnotherNumberAreRefused() {
        Property property = readOne(DECLARED + BOX + UNSAFE);

        assertThatThrownBy(() -> property.isUnsafe(new double[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 outputs; the property is of 3");
    }

    private static void assertRefused(Runnable work, String... messages) {
        assertThatThrownBy(work::run)
                .isInstanceOf(InputException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(messages));
    }
}
