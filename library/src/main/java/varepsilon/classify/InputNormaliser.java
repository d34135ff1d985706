package varepsilon.classify;

import java.util.List;
import varepsilon.tensor.DType;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** (pixels − mean) / std, channel by channel, with the constants on the network's device. */
final class InputNormaliser implements AutoCloseable {
    private final Tensor mean;
    private final Tensor std;

    InputNormaliser(Normalisation normalisation, DType dtype, Device device) {
        try (var scope = Scope.withoutGradients()) {
            mean = perChannel(normalisation.mean(), dtype, device).own();
            std = perChannel(normalisation.std(), dtype, device).own();
        }
    }

    private static Tensor perChannel(List<Double> values, DType dtype, Device device) {
        double[] array = values.stream().mapToDouble(Double::doubleValue).toArray();
        return Tensor.of(array, 1, array.length, 1, 1).to(dtype).to(device);
    }

    Tensor apply(Tensor pixels) {
        return pixels.sub(mean).div(std);
    }

    @Override
    public void close() {
        mean.close();
        std.close();
    }
}
