package varepsilon.classify;

import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;

/**
 * Architectures that differ in size alone: their names, and how their weights show which one they are. Those of other jars
 * are registered by a line in {@code META-INF/services/varepsilon.classify.NetworkFamily}; theirs are public classes with a
 * constructor without arguments.
 */
public interface NetworkFamily {
    /** What a network's weights say of it; {@code side} is that of the images it is made for, in pixels. */
    record Sizes(int channels, int classes, int side) {}

    /** The names, as messages list them. */
    List<String> names();

    /** Whether it has a network of that name. */
    default boolean has(String name) {
        return names().contains(name);
    }

    /** The name of the network whose weights these seem to be, by this family's naming; it may be none that it has. */
    Optional<String> recognise(Shapes shapes);

    /**
     * Sizes of a network by its weights. A network of these sizes is not larger than the weights are.
     *
     * @param name one that it {@link #has}
     * @throws InputException where they are not of such a network
     */
    Sizes sizes(String name, Shapes shapes);

    /** Whether the weights of two of its networks cannot be told apart. */
    default boolean haveSameWeights(String name, String other) {
        return name.equals(other);
    }

    /** Whether files of a network's weights may hold a tensor of that name that the network does not use. */
    default boolean isUnused(String tensor) {
        return false;
    }

    /** What weights recognised as a network's leave open, as a sentence that begins with it; usually nothing. */
    default Optional<String> doubt(String name) {
        return Optional.empty();
    }

    /** The side of the images that a network is usually made for, in pixels. */
    default int usualSide(String name) {
        return 32;
    }

    /** Whether it takes images of other sides than it is made for. */
    default boolean takesAnySide() {
        return true;
    }

    /** @throws InputException where there cannot be one for such images */
    default void requireSide(String name, int side) {
        if (side < 4) {
            throw new InputException(
                    "a " + name + " for images of " + side + "×" + side + " pixels: expected 4 or more");
        }
    }

    /** The network with fresh parameters. */
    Layer create(Architecture architecture, Init init);
}
