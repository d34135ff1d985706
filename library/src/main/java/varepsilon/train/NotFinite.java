package varepsilon.train;

import java.util.ArrayList;
import java.util.List;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** Finds the tensors with elements that are infinite or not numbers, at a cost that every training step can bear. */
final class NotFinite {
    private NotFinite() {}

    /** The names of the tensors, given in the same order, that have such elements. */
    static List<String> among(List<String> names, List<Tensor> tensors) {
        List<String> bad = new ArrayList<>();
        try (var scope = Scope.withoutGradients()) {
            // Such an element shows in the sum, which reads each tensor once. The sum of finite ones may overflow.
            List<Tensor> sums = tensors.stream()
                    .map(tensor -> tensor.sum().to(DType.FLOAT64))
                    .toList();
            if (!Tensor.stack(0, sums).isFinite()) {
                for (int i = 0; i < tensors.size(); i++) {
                    if (!tensors.get(i).isFinite()) {
                        bad.add(names.get(i));
                    }
                }
            }
        }
        return bad;
    }
}
