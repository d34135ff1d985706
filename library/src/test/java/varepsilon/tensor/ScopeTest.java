package varepsilon.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a scope owns, when it is freed, and that nothing can be used after that. */
class ScopeTest {
    @AfterEach
    void nothingIsLeftOpen() {
        assertThatThrownBy(Scope::requireOpen).isInstanceOf(IllegalStateException.class);
    }

    private static Tensor two() {
        return Tensor.of(new float[] {1, 2}, 2);
    }

    @Test
    void aTensorIsClosedWithItsScope() {
        Tensor made;
        Tensor computed;
        try (var scope = Scope.open()) {
            made = two();
            computed = made.mul(2).add(made);
            assertThat(computed.toFloats()).containsExactly(3, 6);
            assertThat(made.isClosed()).isFalse();
        }
        assertThat(made.isClosed()).isTrue();
        assertThat(computed.isClosed()).isTrue();
        assertThat(computed).hasToString("Tensor(closed)");
    }

    @Test
    void everyUseOfAClosedTensorIsRefused() {
        Tensor closed;
        try (var scope = Scope.open()) {
            closed = two();
        }
        try (var scope = Scope.open()) {
            Tensor open = two();
            List<Runnable> uses = List.of(
                    closed::shape,
                    closed::count,
                    closed::dtype,
                    closed::device,
                    closed::toFloats,
                    closed::toRaw,
                    closed::sum,
                    closed::own,
                    closed::detach,
                    closed::isFinite,
                    closed::requiresGrad,
                    () -> closed.add(open),
                    () -> open.add(closed),
                    () -> open.addInPlace(closed, 1),
                    () -> open.copyInPlace(closed),
                    () -> open.where(open.gt(closed), open),
                    () -> Ops.gelu(closed),
                    () -> Ops.linear(open.reshape(1, 2), open.reshape(1, 2), closed),
                    () -> Tensor.concat(0, List.of(open, closed)),
                    () -> Gradients.of(closed, open),
                    () -> scope.keep(closed));
            for (Runnable use : uses) {
                assertThatThrownBy(use::run)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("closed");
            }
        }
    }

    @Test
    void closingATensorTwiceOrBeforeItsScopeDoesNothingMore() {
        try (var scope = Scope.open()) {
            Tensor tensor = two();
            Tensor view = tensor.reshape(2, 1);
            tensor.close();
            tensor.close();
            assertThat(tensor.isClosed()).isTrue();
            assertThat(view.toFloats())
                    .as("a view holds the memory that it shows")
                    .containsExactly(1, 2);
        }
    }

    @Test
    void closingAScopeTwiceDoesNothingMore() {
        try (var outer = Scope.open()) {
            Tensor outside = two();
            Scope inner = Scope.open();
            inner.close();
            inner.close();
            assertThat(outside.toFloats()).containsExactly(1, 2);
            assertThatThrownBy(() -> inner.keep(outside))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("scope is closed");
        }
    }

    @Test
    void aKeptTensorClimbsOneScopeAtATime() {
        Tensor kept;
        try (var outer = Scope.open()) {
            try (var middle = Scope.open()) {
                try (var inner = Scope.open()) {
                    kept = inner.keep(two().mul(3));
                }
                assertThat(kept.toFloats()).containsExactly(3, 6);
                middle.keep(kept);
                middle.keep(kept);
            }
            assertThat(kept.toFloats()).containsExactly(3, 6);
        }
        assertThat(kept.isClosed()).isTrue();
    }

    @Test
    void aTensorKeptFromTheOutermostScopeIsTheCallersToClose() {
        Tensor kept;
        try (var scope = Scope.open()) {
            kept = scope.keep(two().add(1));
        }
        assertThat(kept.isClosed()).isFalse();
        try (var scope = Scope.open()) {
            assertThat(kept.toFloats()).containsExactly(2, 3);
        }
        assertThat(kept.isClosed()).isFalse();
        kept.close();
        assertThat(kept.isClosed()).isTrue();
    }

    @Test
    void anOwnedTensorOutlivesEveryScopeUntilItsOwnerClosesIt() {
        Tensor owned;
        try (var outer = Scope.open()) {
            try (var inner = Scope.open()) {
                owned = two().own();
            }
            assertThat(owned.toFloats()).containsExactly(1, 2);
        }
        assertThat(owned.isClosed()).isFalse();
        try (var scope = Scope.open()) {
            owned.addInPlace(two(), 1);
            assertThat(scope.keep(owned).toFloats()).containsExactly(2, 4);
        }
        owned.close();
        owned.close();
        assertThat(owned.isClosed()).isTrue();
    }

    @Test
    void gradientsCanBeKept() {
        Tensor gradient;
        Tensor dropped;
        try (var outer = Scope.open()) {
            Tensor x = two().requiresGrad(true);
            List<Tensor> gradients;
            try (var inner = Scope.open()) {
                gradients = Gradients.of(x.square().sum(), List.of(x, two().requiresGrad(true)));
                gradient = inner.keep(gradients.get(0));
                dropped = gradients.get(1);
            }
            assertThat(dropped.isClosed()).isTrue();
            // New memory where the gradients' list was: a kept tensor must not look into it.
            List<Tensor> others = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                others.add(Gradients.of(x.mul(i).sum(), List.of(x)).get(0));
            }
            assertThat(gradient.toFloats()).containsExactly(2, 4);
            assertThat(others.get(7).toFloats()).containsExactly(7, 7);
        }
        assertThat(gradient.isClosed()).isTrue();
    }

    @Test
    void withoutAScopeNothingIsMade() {
        Tensor owned;
        try (var scope = Scope.open()) {
            owned = two().own();
        }
        List<Runnable> makers = List.of(
                ScopeTest::two,
                () -> Tensor.zeros(DType.FLOAT32, 1),
                () -> Tensor.arange(2),
                () -> owned.add(owned),
                () -> owned.mul(2),
                owned::exp,
                owned::zerosLike,
                () -> owned.to(DType.FLOAT64),
                () -> owned.reshape(2, 1),
                () -> Ops.gelu(owned),
                () -> Tensor.concat(0, List.of(owned, owned)));
        for (Runnable maker : makers) {
            assertThatThrownBy(maker::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("no scope is open on thread "
                            + Thread.currentThread().getName());
        }
        assertThat(owned.toFloats()).as("values come out without a scope").containsExactly(1, 2);
        owned.close();
    }

    @Test
    void scopesCloseInTheReverseOrderOfOpening() {
        Scope outer = Scope.open();
        Tensor tensor = two();
        Scope inner = Scope.withoutGradients();
        assertThatThrownBy(outer::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("reverse order");
        assertThatThrownBy(() -> outer.keep(tensor)).isInstanceOf(IllegalStateException.class);
        assertThat(tensor.toFloats()).as("a refused close frees nothing").containsExactly(1, 2);
        inner.close();
        outer.close();
        assertThat(tensor.isClosed()).isTrue();
    }

    @Test
    void anotherThreadCannotCloseAScopeNorKeepFromIt() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try (var scope = Scope.open()) {
            Tensor tensor = two();
            for (Callable<Object> use : List.<Callable<Object>>of(
                    () -> {
                        scope.close();
                        return null;
                    },
                    () -> scope.keep(tensor))) {
                Future<Object> result = other.submit(use);
                assertThatThrownBy(result::get)
                        .cause()
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("belongs to thread");
            }
            assertThat(tensor.toFloats()).containsExactly(1, 2);
        } finally {
            other.shutdown();
        }
    }

    @Test
    void anExceptionClosesWhatItPasses() {
        List<Tensor> made = new ArrayList<>();
        try (var outer = Scope.open()) {
            assertThatThrownBy(() -> {
                        try (var middle = Scope.withoutGradients();
                                var inner = Scope.open()) {
                            made.add(two());
                            made.add(inner.keep(two().exp()));
                            made.add(two().matmul(Tensor.ones(DType.FLOAT32, 5)));
                        }
                    })
                    .isInstanceOf(RuntimeException.class);
            assertThat(made).hasSize(2).allMatch(Tensor::isClosed);
            Tensor x = two().requiresGrad(true);
            assertThat(x.square().requiresGrad())
                    .as("gradients are recorded again")
                    .isTrue();
        }
    }

    @Test
    void recordingOfGradientsNestsAndIsRestored() {
        try (var outer = Scope.open()) {
            Tensor x = two().requiresGrad(true);
            assertThat(x.mul(2).requiresGrad()).isTrue();
            try (var off = Scope.withoutGradients()) {
                assertThat(x.mul(2).requiresGrad()).isFalse();
                try (var inherits = Scope.open()) {
                    assertThat(x.mul(2).requiresGrad()).isFalse();
                }
                try (var on = Scope.withGradients()) {
                    assertThat(x.mul(2).requiresGrad()).isTrue();
                    assertThat(Gradients.of(x.square().sum(), x).toFloats()).containsExactly(2, 4);
                }
                assertThatThrownBy(() -> {
                            try (var on = Scope.withGradients()) {
                                x.add(Tensor.ones(DType.FLOAT32, 3));
                            }
                        })
                        .isInstanceOf(RuntimeException.class);
                assertThat(x.mul(2).requiresGrad()).isFalse();
            }
            assertThatThrownBy(() -> {
                        try (var off = Scope.withoutGradients()) {
                            throw new IllegalStateException("passes");
                        }
                    })
                    .hasMessage("passes");
            assertThat(x.mul(2).requiresGrad()).isTrue();
        }
    }

    /** A computation with gradients whose result depends on every bit of what came before. */
    private static float[] work(long seed) {
        try (var scope = Scope.open();
                Rng rng = Seed.of(seed).stream()) {
            Tensor weight = rng.normal(16, 16).mul(0.1).own();
            try {
                for (int i = 0; i < 50; i++) {
                    try (var step = Scope.open()) {
                        Tensor leaf = weight.detach().requiresGrad(true);
                        Tensor y = Ops.gelu(rng.normal(8, 16).matmul(leaf));
                        Tensor gradient = Gradients.of(y.square().mean(), leaf);
                        try (var update = Scope.withoutGradients()) {
                            weight.addInPlace(gradient, -0.5);
                        }
                    }
                }
                return weight.toFloats();
            } finally {
                weight.close();
            }
        }
    }

    @Test
    void threadsWithScopesOfTheirOwnComputeAtOnceWhatTheyComputeAlone() throws Exception {
        int threads = 4;
        List<float[]> alone = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            alone.add(work(i));
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (var unrelated = Scope.withoutGradients()) {
            List<Callable<float[]>> tasks = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                long seed = i;
                tasks.add(() -> work(seed));
            }
            List<Future<float[]>> together = pool.invokeAll(tasks);
            for (int i = 0; i < threads; i++) {
                assertThat(together.get(i).get()).containsExactly(alone.get(i));
            }
        } finally {
            pool.shutdown();
        }
    }
}
