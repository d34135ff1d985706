package varepsilon.lab.machine;

import varepsilon.tensor.Device;

/**
 * The result of a benchmark.
 *
 * @param name of the benchmark
 * @param work a description of one step
 * @param device that computes
 * @param batchSize images in a step
 * @param medianMs our step, in milliseconds
 * @param textbookMedianMs the textbook's step on the same engine, in milliseconds
 * @param speedup textbook over ours
 * @param flopsPerStep floating-point operations of the convolutions and linear layers in our step
 * @param gflops those, per second, in thousand millions
 * @param sgemmGflops what matrix products reach on this device: on the CPU of side 1024, one on each thread, on a GPU
 *     of side 8192
 * @param utilisation gflops over sgemmGflops
 * @param threads of one operation
 * @param steps counted steps of each kind
 */
public record BenchmarkResult(
        String name,
        String work,
        String device,
        int batchSize,
        double medianMs,
        double textbookMedianMs,
        double speedup,
        double flopsPerStep,
        double gflops,
        double sgemmGflops,
        double utilisation,
        int threads,
        int steps) {
    static BenchmarkResult of(
            String name,
            String work,
            Device device,
            int batchSize,
            SideBySide times,
            double flops,
            int threads,
            int steps) {
        double gflops = flops / times.oursMs() / 1e6;
        double sgemm = MatrixProducts.gflops(device, threads);
        return new BenchmarkResult(
                name,
                work,
                device.toString(),
                batchSize,
                times.oursMs(),
                times.textbookMs(),
                times.speedup(),
                flops,
                gflops,
                sgemm,
                gflops / sgemm,
                threads,
                steps);
    }
}
