package varepsilon.classify;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import varepsilon.tensor.DType;
import varepsilon.tensor.Tensor;
import varepsilon.weights.Weights;

/**
 * A network's weights, and the normalisation that some files have as tensors beside them, because the model that was
 * saved has it as its first layer: {@code mu} and {@code sigma}, {@code normalize.mean} and {@code normalize.std}.
 *
 * @param weights without the normalisation
 * @param normalisation where there is one that can be used
 * @param tensors what it is called in the file; empty where there is none
 * @param problem why it cannot be used; empty where it can
 */
record WithNormalisation(Weights weights, Optional<Normalisation> normalisation, String tensors, String problem) {
    private static final Map<String, String> STD_BY_MEAN = Map.of(
            "mu", "sigma",
            "mean", "std",
            "_mean", "_std",
            "means", "stds",
            "new_mean", "new_std",
            "image_mean", "image_std",
            "pixel_mean", "pixel_std");

    /** Names of a mean and a standard deviation. */
    private record Pair(String mean, String std) {
        String label() {
            return "'" + mean + "' and '" + std + "'";
        }
    }

    /**
     * Splits a file's weights.
     *
     * @param all its tensors
     * @param channels of the network's images
     */
    static WithNormalisation of(Weights all, int channels) {
        List<Pair> pairs = pairs(all.names());
        Map<String, Tensor> rest = new LinkedHashMap<>(all.tensors());
        pairs.forEach(pair -> rest.keySet().removeAll(Set.of(pair.mean(), pair.std())));
        String tensors = pairs.stream().map(Pair::label).collect(Collectors.joining(", "));
        Set<Optional<Normalisation>> found = pairs.stream()
                .map(pair -> normalisation(all.get(pair.mean()), all.get(pair.std()), channels))
                .collect(Collectors.toSet());
        Optional<Normalisation> one = found.size() == 1 ? found.iterator().next() : Optional.empty();
        String problem = "";
        if (found.size() > 1) {
            problem = "differ";
        } else if (one.isEmpty()) {
            problem = "are no means in [0, 1] and positive standard deviations of " + channels + " colour channels";
        }
        return new WithNormalisation(all.with(rest), one, tensors, problem);
    }

    /** Notes how the tensors were used, where there are any. */
    void note(String where, List<String> notes) {
        normalisation.ifPresent(one -> notes.add(where + ": the network's input is normalised by the file's " + tensors
                + ": mean " + joined(one.mean()) + ", standard deviation " + joined(one.std())));
        if (!tensors.isEmpty() && normalisation.isEmpty()) {
            notes.add(where + ": " + tensors + " " + problem + ", and are left out");
        }
    }

    /** Notes that the tensors are not used because a stated normalisation takes precedence. */
    void noteIfReplaced(String where, List<String> notes) {
        if (!tensors.isEmpty()) {
            notes.add(where + ": the normalisation that is stated takes the place of the file's " + tensors);
        }
    }

    private static List<Pair> pairs(Set<String> names) {
        List<Pair> pairs = new ArrayList<>();
        for (String name : names) {
            int start = name.lastIndexOf('.') + 1;
            String std = STD_BY_MEAN.get(name.substring(start));
            if (std != null && names.contains(name.substring(0, start) + std)) {
                pairs.add(new Pair(name, name.substring(0, start) + std));
            }
        }
        return pairs;
    }

    private static Optional<Normalisation> normalisation(Tensor mean, Tensor std, int channels) {
        Optional<List<Double>> means = values(mean, channels);
        Optional<List<Double>> stds = values(std, channels);
        boolean usable = means.isPresent()
                && stds.isPresent()
                && means.get().stream().allMatch(value -> value >= 0 && value <= 1)
                && stds.get().stream().allMatch(value -> value > 0 && Double.isFinite(value));
        return usable ? Optional.of(new Normalisation(means.get(), stds.get())) : Optional.empty();
    }

    private static Optional<List<Double>> values(Tensor tensor, int channels) {
        if (!tensor.dtype().isFloatingPoint() || (tensor.count() != channels && tensor.count() != 1)) {
            return Optional.empty();
        }
        float[] floats = tensor.to(DType.FLOAT32).toFloats();
        // The shortest decimal that is this float: 0.4914, not 0.49140000343.
        List<Double> values = IntStream.range(0, floats.length)
                .mapToObj(i -> Double.valueOf(Float.toString(floats[i])))
                .toList();
        return Optional.of(values.size() == channels ? values : Collections.nCopies(channels, values.get(0)));
    }

    private static String joined(List<Double> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
