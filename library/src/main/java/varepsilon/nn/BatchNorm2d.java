package varepsilon.nn;

import varepsilon.tensor.DType;
import varepsilon.tensor.Ops;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Batch normalisation of N×C×H×W activations (Ioffe, Szegedy 2015), momentum 0.1 and ε 1e-5 as in PyTorch. */
public final class BatchNorm2d extends Layer {
    private static final double MOMENTUM = 0.1;
    private static final double EPSILON = 1e-5;
    private static final String BATCHES_TRACKED = "num_batches_tracked";

    private final Tensor weight;
    private final Tensor bias;
    private final Tensor runningMean;
    private final Tensor runningVar;
    private final Tensor batchesTracked;

    /** Scale 1, shift 0, running mean 0 and variance 1. */
    public BatchNorm2d(int channels, Init init) {
        try (var scope = Scope.withoutGradients()) {
            weight = parameter("weight", init.constant(1, channels));
            bias = parameter("bias", init.constant(0, channels));
            runningMean = buffer("running_mean", init.constant(0, channels));
            runningVar = buffer("running_var", init.constant(1, channels));
            batchesTracked = buffer(BATCHES_TRACKED, Tensor.zeros(DType.INT64));
        }
    }

    /** Whether weight files may leave this name out: the count of batches, which changes no output. */
    static boolean isBookkeeping(String name) {
        return name.endsWith(BATCHES_TRACKED);
    }

    @Override
    public Tensor forward(Tensor x) {
        if (isTraining()) {
            try (var scope = Scope.withoutGradients()) {
                batchesTracked.addInPlace(Tensor.ones(DType.INT64));
            }
        }
        return Ops.batchNorm(x, weight, bias, runningMean, runningVar, isTraining(), MOMENTUM, EPSILON);
    }

    /**
     * This after a convolution that has as many output channels. In evaluation mode the normalisation is an affine map
     * of each channel, which goes into the convolution's weights: an attack, which runs the network many times in that
     * mode, saves a pass over the activations forward and one backward.
     *
     * @param convolution in the same mode
     */
    public Tensor after(Conv2d convolution, Tensor x) {
        if (isTraining()) {
            return forward(convolution.forward(x));
        }
        Tensor scale = weight.div(runningVar.add(EPSILON).sqrt());
        return convolution.forwardScaled(x, scale, bias.sub(runningMean.mul(scale)));
    }
}
