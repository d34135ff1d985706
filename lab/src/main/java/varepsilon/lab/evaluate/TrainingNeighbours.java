package varepsilon.lab.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import varepsilon.base.InputException;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.data.ImageSet;
import varepsilon.generative.CopyingCheck;
import varepsilon.generative.NearestNeighbours;
import varepsilon.generative.Picture;
import varepsilon.generative.Vae;
import varepsilon.generative.VaeImages;
import varepsilon.report.ImageGrid;

/**
 * The training images that are nearest to a VAE's samples, all as the model represents them.
 *
 * @param check whether the samples are nearer to them than test images are
 * @param picture the samples nearest to a training image, one a row, from the nearest on, each with its neighbours
 */
public record TrainingNeighbours(CopyingCheck check, ImageGrid picture) {
    private static final int MOST = 100;

    /**
     * What is compared, and what is shown.
     *
     * @param samples how many are drawn and compared, and test images, where there are as many
     * @param shown how many of the samples are shown, 1 to 100; no more than there are
     * @param neighbours of each, 1 to 100
     * @param picture how samples are made of p(x|z)
     * @param seed of the samples
     */
    public record Settings(int samples, int shown, int neighbours, Picture picture, long seed) {
        /** Rejects numbers out of range. */
        public Settings {
            if (samples < 1) {
                throw new InputException("samples " + samples + ": expected at least 1");
            }
            if (shown < 1 || shown > Math.min(MOST, samples)) {
                throw new InputException("shown " + shown + ": expected 1 to " + Math.min(MOST, samples));
            }
            if (neighbours < 1 || neighbours > MOST) {
                throw new InputException("neighbours " + neighbours + ": expected 1 to " + MOST);
            }
        }
    }

    /**
     * Finds them.
     *
     * @param train the images that the model was trained on
     * @param test others of the same source
     * @param watch receives the progress
     * @throws InputException where there are fewer training images than neighbours
     * @throws StoppedException where a stop is requested
     */
    public static TrainingNeighbours of(Vae vae, ImageSet train, ImageSet test, Settings settings, Watch watch) {
        ImageSet set = VaeImages.asModelled(vae, train);
        ImageSet others = VaeImages.asModelled(vae, test.limit(Math.min(test.size(), settings.samples())));
        ImageSet samples = VaeImages.samples(vae, settings.samples(), settings.picture(), settings.seed(), watch);
        NearestNeighbours found =
                NearestNeighbours.of(samples, set, settings.neighbours(), watch.as("comparing samples"));
        NearestNeighbours ofOthers = NearestNeighbours.of(others, set, 1, watch.as("comparing test images"));
        return new TrainingNeighbours(
                CopyingCheck.of(found.nearest(), ofOthers.nearest()), picture(samples, set, found, settings));
    }

    private static ImageGrid picture(ImageSet samples, ImageSet set, NearestNeighbours found, Settings settings) {
        int columns = settings.neighbours() + 1;
        int size = set.dimensions();
        byte[] pixels = new byte[settings.shown() * columns * size];
        List<String> texts = new ArrayList<>();
        int[] shown = IntStream.range(0, samples.size())
                .boxed()
                .sorted(Comparator.comparingDouble(i -> found.distances()[i][0]))
                .limit(settings.shown())
                .mapToInt(i -> i)
                .toArray();
        for (int row = 0; row < shown.length; row++) {
            System.arraycopy(samples.image(shown[row]), 0, pixels, row * columns * size, size);
            texts.add("");
            for (int rank = 0; rank < settings.neighbours(); rank++) {
                byte[] neighbour = set.image(found.indices()[shown[row]][rank]);
                System.arraycopy(neighbour, 0, pixels, (row * columns + 1 + rank) * size, size);
                texts.add(String.format(Locale.ROOT, "%.2f", found.distances()[shown[row]][rank]));
            }
        }
        String[] labels = new String[columns];
        Arrays.setAll(labels, rank -> rank == 0 ? "sample" : Integer.toString(rank));
        return ImageGrid.of(pixels, set.channels(), set.height(), set.width())
                .columns(columns)
                .columnLabels(List.of(labels))
                .cellTexts(texts);
    }
}
