package varepsilon.lab.published;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.generative.Categorical;
import varepsilon.generative.ConvVae;
import varepsilon.generative.DiagonalGaussian;
import varepsilon.generative.ElboObjective;
import varepsilon.generative.IndependentPixels;
import varepsilon.generative.StandardNormal;
import varepsilon.lab.run.ReferenceCurves;
import varepsilon.lab.spec.VaeSpec;
import varepsilon.nn.Schedule;

/**
 * The published training curves of the VAE on 4-bit MNIST with 32 filters, at 2 and at 20 latent dimensions: Adam 1e-3,
 * batch 128, 80 epochs, epoch 0 after the first pass over the data, as in {@code metrics.csv}.
 */
public final class PublishedCurves implements ReferenceCurves {
    private static final String FILE = "published-vae-mnist-4bit.csv";

    @Override
    public Map<String, Curve> of(VaeSpec config) {
        boolean same = config.data().equals("mnist")
                && config.likelihood().equals(new Categorical(16))
                && config.decoder().equals(new IndependentPixels.Choice())
                && config.prior().equals(new StandardNormal.Choice())
                && config.posterior().equals(new DiagonalGaussian.Choice())
                && !config.isConditional()
                && config.averageDecay() == 0
                && config.architecture().equals(new ConvVae())
                && config.objective().equals(new ElboObjective.Choice())
                && config.schedule().equals(Schedule.constant())
                && config.limit() == 0;
        return same ? ofLatentDim(config.latentDim()) : Map.of();
    }

    private static Map<String, Curve> ofLatentDim(int latentDim) {
        List<String[]> lines = read().lines().map(line -> line.split(",")).toList();
        String[] header = lines.get(0);
        List<String[]> rows = new ArrayList<>();
        for (String[] line : lines.subList(1, lines.size())) {
            if (Integer.parseInt(line[0]) == latentDim) {
                rows.add(line);
            }
        }
        Map<String, Curve> curves = new LinkedHashMap<>();
        for (int column = 2; column < header.length && !rows.isEmpty(); column++) {
            curves.put(header[column], new Curve(column(rows, 1), column(rows, column)));
        }
        return curves;
    }

    private static double[] column(List<String[]> rows, int column) {
        return rows.stream().mapToDouble(row -> Double.parseDouble(row[column])).toArray();
    }

    private static String read() {
        try (InputStream in = PublishedCurves.class.getResourceAsStream(FILE)) {
            if (in == null) {
                throw new IllegalStateException(FILE + " is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(FILE + " cannot be read", e);
        }
    }
}
