package varepsilon.lab.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import varepsilon.tensor.Device;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/** The peak speed of a device, measured by products of square matrices. */
final class MatrixProducts {
    private static final int SIDE = 1024;
    /** A GPU needs larger matrices to reach its peak. */
    private static final int GPU_SIDE = 8192;

    private static final int REPETITIONS = 20;

    private MatrixProducts() {}

    /** Thousand millions of operations a second: on the CPU of products of one thread each, side by side. */
    static double gflops(Device device, int threads) {
        return device.kind() == Device.Kind.CUDA ? products(device, GPU_SIDE) : sideBySide(threads);
    }

    private static double sideBySide(int threads) {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            Callable<Double> products = () -> products(Device.CPU, SIDE);
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

    private static double products(Device device, int side) {
        try (var scope = Scope.withoutGradients();
                Rng rng = Seed.of(2).stream()) {
            Tensor a = rng.normal(side, side).to(device);
            Tensor b = rng.normal(side, side).to(device);
            finish(a.matmul(b));
            long start = System.nanoTime();
            for (int i = 0; i < REPETITIONS; i++) {
                try (var inner = Scope.withoutGradients()) {
                    Tensor product = a.matmul(b);
                    if (i == REPETITIONS - 1) {
                        finish(product);
                    }
                }
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return 2 * Math.pow(side, 3) * REPETITIONS / seconds / 1e9;
        }
    }

    /** GPU operations are asynchronous; reading a value waits for all of them. */
    private static void finish(Tensor product) {
        product.narrow(0, 0, 1).narrow(1, 0, 1).item();
    }
}
