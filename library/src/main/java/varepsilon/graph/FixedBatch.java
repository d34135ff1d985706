package varepsilon.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import varepsilon.tensor.Tensor;

/** Models that are made for batches of one size. */
public final class FixedBatch {
    private FixedBatch() {}

    /**
     * A model applied to any number of examples, so many at a time; the last batch is filled up with zeros.
     *
     * @param size that of the model's batches; below 1 for any
     * @param x N×…
     * @return N rows
     */
    public static Tensor run(long size, Tensor x, UnaryOperator<Tensor> model) {
        if (size < 1 || size == x.size(0)) {
            return model.apply(x);
        }
        List<Tensor> parts = new ArrayList<>();
        for (long start = 0; start < x.size(0); start += size) {
            long rows = Math.min(size, x.size(0) - start);
            Tensor part = x.narrow(0, start, rows);
            if (rows < size) {
                long[] shape = x.shape();
                shape[0] = size - rows;
                part = Tensor.concat(
                        0, List.of(part, Tensor.zeros(x.dtype(), shape).to(x.device())));
            }
            parts.add(model.apply(part).narrow(0, 0, rows));
        }
        return Tensor.concat(0, parts);
    }
}
