package varepsilon.generative;

import java.util.ArrayList;
import java.util.List;
import varepsilon.data.ImageShape;
import varepsilon.nn.ConvTranspose2d;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;

/**
 * The sizes of an image that is halved, each side rounded up, until neither is above 4: 28, 14, 7, 4.
 *
 * @param grids the sizes, from the image itself to the smallest
 */
record Halvings(List<Grid> grids) {
    private static final int LARGEST_LAST = 4;

    /** Height and width. */
    record Grid(int height, int width) {
        int size() {
            return height * width;
        }
    }

    static Halvings of(ImageShape image) {
        List<Grid> grids = new ArrayList<>();
        Grid grid = new Grid(image.height(), image.width());
        grids.add(grid);
        while (Math.max(grid.height, grid.width) > LARGEST_LAST) {
            grid = new Grid((grid.height + 1) / 2, (grid.width + 1) / 2);
            grids.add(grid);
        }
        return new Halvings(grids);
    }

    /** How often the image is halved. */
    int count() {
        return grids.size() - 1;
    }

    /** The size after all halvings. */
    Grid last() {
        return grids.get(count());
    }

    /**
     * A transposed convolution from the size after i halvings to that after i − 1, i at least 1. Without output padding
     * it makes 2s − 1 of s, which is right for odd sides.
     */
    Layer doubling(int i, int from, int to, Init init) {
        Grid larger = grids.get(i - 1);
        return new ConvTranspose2d(from, to, 3, 2, 1, 1 - larger.height % 2, 1 - larger.width % 2, init);
    }
}
