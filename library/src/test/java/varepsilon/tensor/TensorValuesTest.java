package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import varepsilon.ScopedTest;

/** Values go in and come out as they are, in every element type and shape. */
class TensorValuesTest extends ScopedTest {
    /** Small whole numbers, which every element type but BOOL holds exactly, as that type's little-endian bytes. */
    private static ByteBuffer littleEndian(DType dtype, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            switch (dtype) {
                case FLOAT64 -> bytes.putDouble(value);
                case FLOAT32 -> bytes.putFloat(value);
                case FLOAT16 -> bytes.putShort(half(value));
                case BFLOAT16 -> bytes.putShort((short) (Float.floatToIntBits(value) >> 16));
                case INT64 -> bytes.putLong(value);
                case INT32 -> bytes.putInt(value);
                case INT16 -> bytes.putShort((short) value);
                case INT8, UINT8, BOOL -> bytes.put((byte) value);
            }
        }
        return bytes.flip();
    }

    /** IEEE 754 binary16 of a whole number from 0 to 2047: five bits of exponent with bias 15, ten of fraction. */
    private static short half(int value) {
        if (value == 0) {
            return 0;
        }
        int exponent = 31 - Integer.numberOfLeadingZeros(value);
        int fraction = (value << 10 >> exponent) & 0x3ff;
        return (short) (exponent + 15 << 10 | fraction);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void rawBytesComeBackAsTheyWentIn(DType dtype) {
        int[] values = dtype == DType.BOOL ? new int[] {0, 1, 1, 0, 1, 0} : new int[] {0, 1, 2, 3, 100, 127};
        ByteBuffer in = littleEndian(dtype, values);
        Tensor tensor = Tensor.ofRaw(in, dtype, 2, 3);

        assertThat(tensor.dtype()).isEqualTo(dtype);
        assertThat(tensor.shape()).containsExactly(2, 3);
        assertThat(tensor.count()).isEqualTo(6);
        assertThat(tensor.dimensions()).isEqualTo(2);
        assertThat(tensor.size(-1)).isEqualTo(3);
        assertThat(tensor.device()).isEqualTo(Device.CPU);
        assertThat(tensor.toLongs())
                .containsExactly(Arrays.stream(values).asLongStream().toArray());
        assertThat(tensor.toRaw()).isEqualTo(in);
        assertThat(tensor.toRaw().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        assertThat(in.remaining()).as("the buffer given stays as it is").isEqualTo(6 * dtype.bytes());
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyTypeHasScalarsAndTensorsOfNothing(DType dtype) {
        Tensor scalar = Tensor.ofRaw(littleEndian(dtype, 1), dtype);
        assertThat(scalar.shape()).isEmpty();
        assertThat(scalar.item()).isEqualTo(1);
        assertThat(scalar.toFloats()).containsExactly(1);
        assertThat(scalar.toRaw()).isEqualTo(littleEndian(dtype, 1));

        Tensor nothing = Tensor.ofRaw(ByteBuffer.allocate(0), dtype, 3, 0, 2);
        assertThat(nothing.shape()).containsExactly(3, 0, 2);
        assertThat(nothing.count()).isZero();
        assertThat(nothing.toFloats()).isEmpty();
        assertThat(nothing.toDoubles()).isEmpty();
        assertThat(nothing.toLongs()).isEmpty();
        assertThat(nothing.toBytes()).isEmpty();
        assertThat(nothing.toRaw().remaining()).isZero();
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyTypeConvertsToEveryOther(DType from) {
        Tensor tensor = Tensor.ofRaw(littleEndian(from, 1, 0, 1), from, 3);
        for (DType to : DType.values()) {
            Tensor converted = tensor.to(to);
            assertThat(converted.dtype()).isEqualTo(to);
            assertThat(converted.toRaw()).as("%s to %s", from, to).isEqualTo(littleEndian(to, 1, 0, 1));
        }
        assertThat(tensor.to(from)).isSameAs(tensor);
    }

    @Test
    void aLayoutInMemoryChangesNoValue() {
        Tensor images = Tensor.arange(2 * 3 * 4 * 5).to(DType.FLOAT32).reshape(2, 3, 4, 5);
        Tensor laidOut = images.channelsLast();
        assertThat(laidOut.shape()).containsExactly(2, 3, 4, 5);
        assertThat(laidOut.toFloats()).containsExactly(images.toFloats());
        assertThat(laidOut.toRaw()).isEqualTo(images.toRaw());
        assertThat(laidOut.flatten(1).toFloats()).containsExactly(images.toFloats());
        Tensor x = images.copy().requiresGrad(true);
        assertThat(Gradients.of(x.channelsLast().mul(images).sum(), x).toFloats())
                .containsExactly(images.toFloats());
    }

    @Test
    void arraysComeBackAsTheyWentIn() {
        float[] floats = {-0f, Float.MIN_VALUE, Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NaN, (float) Math.PI};
        assertThat(Tensor.of(floats, 6).toFloats()).containsExactly(floats);
        double[] doubles = {-0.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.NEGATIVE_INFINITY, Double.NaN, Math.PI};
        assertThat(Tensor.of(doubles, 3, 2).toDoubles()).containsExactly(doubles);
        long[] longs = {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE};
        assertThat(Tensor.of(longs, 4).toLongs()).containsExactly(longs);
        byte[] bytes = {0, 1, 127, (byte) 128, (byte) 255};
        assertThat(Tensor.of(bytes, 5).toBytes()).containsExactly(bytes);
        assertThat(Tensor.of(bytes, 5).toLongs()).containsExactly(0, 1, 127, 128, 255);
        assertThat(Tensor.of(new float[0], 0, 5).shape()).containsExactly(0, 5);
        assertThat(Tensor.of(new double[0], 0).count()).isZero();
        assertThat(Tensor.of(new long[0], 2, 0).count()).isZero();
        assertThat(Tensor.of(new byte[0], 0).count()).isZero();
        assertThat(Tensor.of(new float[] {7}).shape()).isEmpty();
    }

    @Test
    void onlyTheBufferFromItsPositionToItsLimitIsTaken() {
        ByteBuffer buffer = littleEndian(DType.INT16, 1, 2, 3, 4).position(2).limit(6);
        assertThat(Tensor.ofRaw(buffer, DType.INT16, 2).toLongs()).containsExactly(2, 3);
        assertThat(buffer.position()).isEqualTo(2);
        ByteBuffer direct = ByteBuffer.allocateDirect(8)
                .put(littleEndian(DType.INT16, 5, 6, 7, 8))
                .flip();
        assertThat(Tensor.ofRaw(direct, DType.INT16, 2, 2).toLongs()).containsExactly(5, 6, 7, 8);
        assertThat(Tensor.ofRaw(buffer.asReadOnlyBuffer(), DType.INT16, 2).toLongs())
                .containsExactly(2, 3);
    }

    @Test
    void viewsComeOutInRowMajorOrderOfTheirOwnShape() {
        Tensor tensor = Tensor.arange(6).reshape(2, 3);
        assertThat(tensor.transpose(0, 1).toLongs()).containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(tensor.transpose(0, 1).toRaw().asLongBuffer().get(1)).isEqualTo(3);
        assertThat(tensor.narrow(1, 1, 2).toLongs()).containsExactly(1, 2, 4, 5);
        assertThat(tensor.reshape(2, 1, 3).expand(2, 2, 3).toLongs())
                .containsExactly(0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5);
    }

    @Test
    void aConversionCutsTowardsZero() {
        Tensor tensor = Tensor.of(new double[] {-1.9, -0.5, 0.5, 1.9}, 4);
        assertThat(tensor.toLongs()).containsExactly(-1, 0, 0, 1);
        assertThat(tensor.abs().toBytes()).containsExactly(1, 0, 0, 1);
    }

    @Test
    void readingValuesLeavesTheRecordingOfGradientsAlone() {
        Tensor x = Tensor.of(new double[] {2}, 1).requiresGrad(true);
        Tensor y = x.square().sum();
        assertThat(y.toFloats()).containsExactly(4);
        assertThat(y.toDoubles()).containsExactly(4);
        assertThat(y.isFinite()).isTrue();
        assertThat(Gradients.of(y, x).toDoubles()).containsExactly(4);
    }

    @Test
    void constantsHaveOneValueEverywhere() {
        assertThat(Tensor.zeros(DType.INT32, 2, 2).toLongs()).containsExactly(0, 0, 0, 0);
        assertThat(Tensor.ones(DType.FLOAT16, 2).toFloats()).containsExactly(1, 1);
        assertThat(Tensor.full(-2.5, DType.FLOAT64).item()).isEqualTo(-2.5);
        assertThat(Tensor.arange(0).count()).isZero();
        assertThat(Tensor.full(3, DType.FLOAT32, 2).zerosLike().toFloats()).containsExactly(0, 0);
    }

    @Test
    void aCopyHasMemoryOfItsOwnAndAViewHasNot() {
        Tensor original = Tensor.of(new float[] {1, 2}, 2);
        Tensor copy = original.copy();
        Tensor view = original.reshape(2, 1);
        Tensor detached = original.detach();
        original.mulInPlace(10);
        assertThat(copy.toFloats()).containsExactly(1, 2);
        assertThat(view.toFloats()).containsExactly(10, 20);
        assertThat(detached.toFloats()).containsExactly(10, 20);
        assertThat(original.copyInPlace(Tensor.of(new float[] {5}, 1)).toFloats())
                .containsExactly(5, 5);
    }

    @Test
    void inPlaceOperationsChangeTheTensorAndReturnIt() {
        Tensor x = Tensor.of(new double[] {1, 2}, 2);
        Tensor a = Tensor.of(new double[] {3, 4}, 2);
        Tensor b = Tensor.of(new double[] {2, 8}, 2);
        assertThat(x.addInPlace(a, 2)).isSameAs(x);
        assertThat(x.toDoubles()).containsExactly(7, 10);
        assertThat(Tensor.arange(2).addInPlace(Tensor.ones(DType.INT64)).toLongs())
                .containsExactly(1, 2);
        assertThat(x.mulInPlace(0.5).toDoubles()).containsExactly(3.5, 5);
        assertThat(x.addProductInPlace(a, b, 0.5).toDoubles()).containsExactly(6.5, 21);
        assertThat(x.addQuotientInPlace(a, b, -2).toDoubles()).containsExactly(3.5, 20);
        assertThat(x.lerpInPlace(a, 0.25).toDoubles()).containsExactly(3.375, 16);
    }

    @Test
    void elementwiseFunctionsAreThoseOfTheirNames() {
        Tensor x = Tensor.of(new double[] {-2, 0, 0.5, 3}, 4);
        Tensor y = Tensor.of(new double[] {1, 0, -0.5, 2}, 4);
        assertThat(x.sub(y).toDoubles()).containsExactly(-3, 0, 1, 1);
        assertThat(x.sub(1).neg().toDoubles()).containsExactly(3, 1, 0.5, -2);
        assertThat(x.div(2).toDoubles()).containsExactly(-1, 0, 0.25, 1.5);
        assertThat(x.clamp(-1, 1).toDoubles()).containsExactly(-1, 0, 0.5, 1);
        assertThat(x.clamp(y.neg(), y.add(1)).toDoubles()).containsExactly(-1, 0, 0.5, 3);
        assertThat(x.max(y).toDoubles()).containsExactly(1, 0, 0.5, 3);
        assertThat(x.min(y).toDoubles()).containsExactly(-2, 0, -0.5, 2);
        assertThat(x.sign().toDoubles()).containsExactly(-1, 0, 1, 1);
        assertThat(x.relu().toDoubles()).containsExactly(0, 0, 0.5, 3);
        assertThat(x.sigmoid().toDoubles()[3]).isCloseTo(1 / (1 + Math.exp(-3)), within(1e-15));
        assertThat(Tensor.of(new long[] {255, 16, 15}, 3).shiftRight(4).toLongs())
                .containsExactly(15, 1, 0);
        assertThat(x.eq(y).toLongs()).containsExactly(0, 1, 0, 0);
        assertThat(x.lt(y).toLongs()).containsExactly(1, 0, 0, 0);
        assertThat(x.gt(y).toLongs()).containsExactly(0, 0, 1, 1);
        assertThat(x.lt(0.5).toLongs()).containsExactly(1, 1, 0, 0);
        assertThat(x.gt(y).and(x.gt(2)).toLongs()).containsExactly(0, 0, 0, 1);
        assertThat(x.where(x.gt(0), y).toDoubles()).containsExactly(1, 0, 0.5, 3);
    }

    @Test
    void reductionsTakeTheDimensionsThatTheyAreGiven() {
        Tensor x = Tensor.arange(6).to(DType.FLOAT64).reshape(2, 3);
        assertThat(x.sum().item()).isEqualTo(15);
        assertThat(x.sum(0).toDoubles()).containsExactly(3, 5, 7);
        assertThat(x.sum(0, 1).shape()).isEmpty();
        assertThat(x.mean(1).toDoubles()).containsExactly(1, 4);
        assertThat(x.mean().item()).isEqualTo(2.5);
        assertThat(x.amax(1).toDoubles()).containsExactly(2, 5);
        assertThat(x.argmax(0).toLongs()).containsExactly(1, 1, 1);
        double expected = Math.log(1 + Math.exp(-1) + Math.exp(-2));
        assertThat(x.logSumExp(1).toDoubles()[1]).isCloseTo(5 + expected, within(1e-14));
        assertThat(x.add(1e4).logSumExp(1).toDoubles()[0]).isCloseTo(1e4 + 2 + expected, within(1e-11));
        assertThat(x.softmax(1).sum(1).toDoubles()).containsExactly(new double[] {1, 1}, within(1e-15));
        assertThat(x.logSoftmax(1).exp().sub(x.softmax(1)).abs().amax(0, 1).item())
                .isLessThan(1e-15);
    }

    @Test
    void shapesChangeAsTheirNamesSay() {
        Tensor x = Tensor.arange(24).reshape(2, 3, 4);
        assertThat(x.flatten(1).shape()).containsExactly(2, 12);
        assertThat(x.flatten(0, 1).shape()).containsExactly(6, 4);
        assertThat(x.permute(2, 0, 1).shape()).containsExactly(4, 2, 3);
        assertThat(x.unsqueeze(1).shape()).containsExactly(2, 1, 3, 4);
        assertThat(x.unsqueeze(1).squeeze(1).shape()).containsExactly(2, 3, 4);
        assertThat(x.reshape(-1, 8).shape()).containsExactly(3, 8);
        assertThat(x.indexSelect(0, Tensor.of(new long[] {1, 1}, 2)).shape()).containsExactly(2, 3, 4);
        Tensor rows = Tensor.arange(6).reshape(2, 3);
        assertThat(rows.gather(1, Tensor.of(new long[] {2, 0}, 2, 1)).toLongs()).containsExactly(2, 3);
        assertThat(Tensor.concat(0, List.of(rows, rows.narrow(0, 1, 1))).toLongs())
                .containsExactly(0, 1, 2, 3, 4, 5, 3, 4, 5);
        assertThat(Tensor.stack(1, List.of(rows, rows)).shape()).containsExactly(2, 2, 3);
    }

    @Test
    void isFiniteSeesEveryElement() {
        assertThat(Tensor.of(new float[] {1, 2}, 2).isFinite()).isTrue();
        assertThat(Tensor.of(new float[] {1, Float.NaN}, 2).isFinite()).isFalse();
        assertThat(Tensor.of(new float[] {Float.NEGATIVE_INFINITY}).isFinite()).isFalse();
        assertThat(Tensor.arange(3).isFinite()).isTrue();
        assertThat(Tensor.of(new float[0], 0).isFinite()).isTrue();
    }

    @Test
    void refusesValuesThatDoNotFillTheShape() {
        assertThatThrownBy(() -> Tensor.of(new float[3], 2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("3 values for shape [2, 2]");
        assertThatThrownBy(() -> Tensor.of(new float[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tensor.of(new long[4], -2, -2)).hasMessageContaining("negative");
        assertThatThrownBy(() -> Tensor.ofRaw(ByteBuffer.allocate(7), DType.FLOAT32, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("7 bytes for shape [2] of FLOAT32, which needs 8");
        // 2^61 elements of 8 bytes are 2^64, which a careless product would take for 0.
        assertThatThrownBy(() -> Tensor.ofRaw(ByteBuffer.allocate(0), DType.INT64, 1L << 31, 1L << 30))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("beyond all memory");
        assertThatThrownBy(() -> Tensor.ofRaw(ByteBuffer.allocate(0), DType.INT8, 1L << 40, 1L << 40))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theEnginesErrorsArriveAsExceptions() {
        Tensor a = Tensor.ones(DType.FLOAT32, 2, 3);
        assertThatThrownBy(() -> a.matmul(a)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> a.add(Tensor.ones(DType.FLOAT32, 4))).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(a::item).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> a.narrow(0, 1, 5)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> a.indexSelect(0, Tensor.of(new long[] {2}, 1))).isInstanceOf(RuntimeException.class);
        assertThat(a.sum().item()).as("the engine still works").isEqualTo(6);
    }
}
