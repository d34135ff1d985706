package varepsilon.robust.certify;

import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;

/** The functions of logits whose signs decide whether images are correctly classified. */
public final class Margins {
    private Margins() {}

    /**
     * logit[label] − logit[j] for every class j but the label.
     *
     * @param labels N (INT64)
     * @param classes K
     * @return coefficients, N×(K−1)×K
     */
    public static Tensor of(Tensor labels, int classes, DType dtype) {
        long n = labels.size(0);
        Tensor number = Tensor.arange(classes).to(labels.device()).unsqueeze(0).expand(n, classes);
        Tensor own = number.eq(labels.unsqueeze(1)).to(DType.INT64);
        // The other classes of each image, in their order.
        Tensor others = own.argsort(1, false).narrow(1, 0, classes - 1);
        Tensor chosen = Tensor.zeros(dtype, n, classes - 1, classes)
                .to(labels.device())
                .scatter(
                        2,
                        others.unsqueeze(2),
                        Tensor.ones(dtype, n, classes - 1, 1).to(labels.device()));
        return own.to(dtype).unsqueeze(1).sub(chosen);
    }
}
