package varepsilon.lab.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Tensor;

/** What this machine's cores can do at once: products of square matrices, the best case of a network's arithmetic. */
final class MatrixProducts {
    private static final int SIDE = 1024;
    private static final int REPETITIONS = 20;

    private MatrixProducts() {}

    /** Thousand millions of operations a second, of products of one thread each, side by side. */
    static double gflops(int threads) {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            Callable<Double> products = () -> {
                try (var scope = Scope.withoutGradients();
                        Rng rng = Rng.seeded(2)) {
                    Tensor a = rng.normal(SIDE, SIDE);
                    Tensor b = rng.normal(SIDE, SIDE);
                    a.matmul(b);
                    long start = System.nanoTime();
                    for (int i = 0; i < REPETITIONS; i++) {
                        try (var inner = Scope.withoutGradients()) {
                            a.matmul(b);
                        }
                    }
                    double seconds = (System.nanoTime() - start) / 1e9;
                    return 2 * Math.pow(SIDE, 3) * REPETITIONS / seconds / 1e9;
                }
            };
            List<Future<Double>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(executor.submit(products));
            }
            double total = 0;
            for (Future<Double> future : running) {
                total += future.get();
            }
            return total;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring matrix products", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("matrix products failed", e.getCause());
        } finally {
            executor.shutdownNow();
        }
    }
}
