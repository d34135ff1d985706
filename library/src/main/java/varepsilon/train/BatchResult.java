package varepsilon.train;

import java.util.Map;
import varepsilon.tensor.Tensor;

/**
 * What an objective says of one batch.
 *
 * @param loss scalar to be minimised, the mean over the batch
 * @param perExample measured quantities by name, each N values; they are averaged over examples, never over batches
 */
public record BatchResult(Tensor loss, Map<String, Tensor> perExample) {}
