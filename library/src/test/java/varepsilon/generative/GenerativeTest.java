package varepsilon.generative;

import varepsilon.ScopedTest;
import varepsilon.tensor.DType;
import varepsilon.tensor.Scope;

/** What tests of VAEs share. */
abstract class GenerativeTest extends ScopedTest {
    /** A model whose parameters are all zero. */
    final Vae zeros(VaeArchitecture size, DType dtype) {
        Vae vae = closing(size.create(init(dtype, 1)));
        try (var scope = Scope.withoutGradients()) {
            vae.parameters().values().forEach(parameter -> parameter.mulInPlace(0));
        }
        return vae;
    }
}
