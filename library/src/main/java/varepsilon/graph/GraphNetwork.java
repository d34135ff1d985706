package varepsilon.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import varepsilon.base.InputException;
import varepsilon.tensor.Rng;
import varepsilon.tensor.Scope;
import varepsilon.tensor.Seed;
import varepsilon.tensor.Tensor;

/**
 * A graph made ready to run: what it computes of constants and shapes is computed once, and the batch is free where its
 * operations allow that. Differentiable in its input.
 */
public final class GraphNetwork implements AutoCloseable {
    private static final double SAME = 1e-4;

    /** Sizes that a file states are not trusted with memory beyond this, 2²⁸ elements. */
    private static final long MOST_ELEMENTS = 1L << 28;

    private final Graph graph;
    private final long fixedBatch;
    private final Set<Tensor> owned = new HashSet<>();

    private GraphNetwork(Graph graph, long fixedBatch) {
        this.graph = graph;
        this.fixedBatch = fixedBatch;
    }

    /**
     * Prepares a graph.
     *
     * @param graph its constants remain its owner's, and are in use until this is closed
     * @param example the sizes of one example of its input
     * @throws InputException where it fails on such an input
     */
    public static GraphNetwork of(Graph graph, long... example) {
        List<Long> stated = graph.input().shape();
        long batch = stated.isEmpty() ? -1 : stated.get(0);
        List<Tensor> made = new ArrayList<>();
        Folding folding = new Folding(made);
        try (var scope = Scope.withoutGradients();
                Rng random = Seed.of(0).stream()) {
            Graph constant = folding.ofConstants(graph);
            GraphNetwork network = batch < 0
                    ? new GraphNetwork(shapesFolded(folding, constant, random, example), -1)
                    : ofFixedBatch(folding, constant, batch, random, example);
            Set<Tensor> used = new HashSet<>(network.graph.constants().values());
            for (Tensor tensor : made) {
                if (used.contains(tensor)) {
                    network.owned.add(tensor);
                } else {
                    tensor.close();
                }
            }
            return network;
        } catch (RuntimeException e) {
            made.forEach(Tensor::close);
            throw e;
        }
    }

    private static Graph shapesFolded(Folding folding, Graph graph, Rng random, long... example) {
        return folding.ofShapes(graph, examples(graph, random, 2, example), examples(graph, random, 3, example));
    }

    private static Tensor examples(Graph graph, Rng random, long count, long... example) {
        long[] shape = new long[example.length + 1];
        shape[0] = count;
        System.arraycopy(example, 0, shape, 1, example.length);
        double elements = 1;
        for (long size : shape) {
            elements *= size;
        }
        if (elements > MOST_ELEMENTS) {
            throw new InputException(
                    "its input " + graph.input() + " has " + elements / count + " numbers for one example;"
                            + " expected at most " + MOST_ELEMENTS + " in " + count + " examples");
        }
        return random.uniform(shape).to(graph.input().dtype());
    }

    /** With the batch freed where that leaves every row as it was. */
    private static GraphNetwork ofFixedBatch(Folding folding, Graph graph, long batch, Rng random, long... example) {
        Tensor x = examples(graph, random, 2 * batch, example);
        Tensor expected =
                Tensor.concat(0, List.of(graph.run(x.narrow(0, 0, batch)), graph.run(x.narrow(0, batch, batch))));
        try {
            Graph freed = folding.withoutFixedBatch(graph, batch);
            Tensor found = freed.run(x);
            double scale = expected.abs().amax(all(expected)).item();
            if (Arrays.equals(found.shape(), expected.shape())
                    && found.sub(expected).abs().amax(all(found)).item() <= SAME * scale) {
                return new GraphNetwork(shapesFolded(folding, freed, random, example), -1);
            }
        } catch (InputException e) {
            // Another batch changes what its operations do, so it gets the one that it was made for.
        }
        return new GraphNetwork(graph, batch);
    }

    private static long[] all(Tensor x) {
        long[] dimensions = new long[x.dimensions()];
        Arrays.setAll(dimensions, i -> i);
        return dimensions;
    }

    /** The operations that are left. */
    public Graph graph() {
        return graph;
    }

    /** The batch that it must be given, where its operations allow no other; else −1. */
    public long fixedBatch() {
        return fixedBatch;
    }

    /**
     * What it computes.
     *
     * @param x N×…, of any N: of a fixed batch, so many at a time
     */
    public Tensor forward(Tensor x) {
        return FixedBatch.run(fixedBatch, x, graph::run);
    }

    /** Frees what was computed in advance. */
    @Override
    public void close() {
        owned.forEach(Tensor::close);
    }
}
