package varepsilon.generative;

import java.util.Arrays;
import varepsilon.base.InputException;
import varepsilon.coding.AnsStack;
import varepsilon.coding.FrequencyTable;
import varepsilon.tensor.Device;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Codes the sequences of codebook vectors of a VQ-VAE. The posterior has no freedom, so that no bits come back. */
final class CodebookCoder implements LatentCoder<CodebookCoder.Codes> {
    private static final int PRECISION = 24;

    private final CodebookPrior prior;
    private final Device device;

    CodebookCoder(CodebookPrior prior, Device device) {
        this.prior = prior;
        this.device = device;
    }

    /** Numbers of codebook vectors, N×length row by row. */
    final class Codes implements LatentCoder.Latents {
        private final long[] numbers;

        private Codes(long[] numbers) {
            this.numbers = numbers;
        }

        private Tensor tensor() {
            return Tensor.of(numbers, numbers.length / prior.length(), prior.length())
                    .to(device);
        }

        @Override
        public Tensor z() {
            return prior.vectors(tensor());
        }
    }

    @Override
    public long bitsOfDraw() {
        return 0;
    }

    @Override
    public Codes draw(Posterior q, int n, AnsStack stack) {
        return new Codes(numbers(q));
    }

    @Override
    public void undraw(Posterior q, Codes z, AnsStack stack) {
        if (!Arrays.equals(numbers(q), z.numbers)) {
            throw new InputException("a z that q(z|x) cannot have drawn");
        }
    }

    private static long[] numbers(Posterior q) {
        return ((Quantised) q).codes().toLongs();
    }

    @Override
    public void push(Codes z, AnsStack stack) {
        // As many passes as pop takes, on the same numbers, so that both get the same probabilities to the last bit.
        for (int place = prior.length() - 1; place >= 0; place--) {
            FrequencyTable[] tables = tables(z, place);
            for (int image = tables.length - 1; image >= 0; image--) {
                tables[image].push(stack, (int) z.numbers[image * prior.length() + place]);
            }
        }
    }

    @Override
    public Codes pop(int n, AnsStack stack) {
        Codes z = new Codes(new long[n * prior.length()]);
        for (int place = 0; place < prior.length(); place++) {
            FrequencyTable[] tables = tables(z, place);
            for (int image = 0; image < n; image++) {
                z.numbers[image * prior.length() + place] = tables[image].pop(stack);
            }
        }
        return z;
    }

    /** The distribution of the vector at one place for each image, given those before it. */
    private FrequencyTable[] tables(Codes z, int place) {
        long[] before = z.numbers.clone();
        for (int i = 0; i < before.length; i++) {
            before[i] = i % prior.length() < place ? before[i] : 0;
        }
        try (var scope = Scope.withoutGradients()) {
            Tensor probabilities = prior.logProbabilities(new Codes(before).tensor())
                    .narrow(1, place, 1)
                    .exp();
            if (!probabilities.isFinite()) {
                throw new InputException("the model's probabilities of codes are not finite numbers;"
                        + " expected weights of a training that has not diverged");
            }
            float[] weights = probabilities.toFloats();
            FrequencyTable[] tables = new FrequencyTable[weights.length / prior.size()];
            Arrays.setAll(tables, i -> FrequencyTable.of(weights, i * prior.size(), prior.size(), PRECISION));
            return tables;
        }
    }
}
