package varepsilon.generative;

import varepsilon.tensor.Tensor;

/** Squared Euclidean distances between vectors, as |a|² + |b|² − 2ab. */
final class SquaredDistances {
    private SquaredDistances() {}

    /**
     * Between each of some vectors and each of others, in the open scope. Exact for whole numbers whose squared lengths
     * are below 2⁵².
     *
     * @param a FLOAT64 N×d
     * @param b FLOAT64 M×d
     * @return FLOAT64 N×M, at least 0
     */
    static Tensor between(Tensor a, Tensor b) {
        Tensor lengths = a.square().sum(1L).unsqueeze(1).add(b.square().sum(1L).unsqueeze(0));
        return lengths.addInPlace(a.matmul(b.transpose(0, 1)), -2).relu();
    }
}
