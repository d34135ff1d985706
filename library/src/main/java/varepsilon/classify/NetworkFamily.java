package varepsilon.classify;

import java.util.List;
import java.util.Optional;
import varepsilon.base.InputException;
import varepsilon.nn.Init;
import varepsilon.nn.Layer;

/**
 * A family of architectures that differ in size: their names, and how one is recognised by its weights. Families of
 * other jars are registered by a line in {@code META-INF/services/varepsilon.classify.NetworkFamily}; theirs are public
 * classes with a constructor without arguments.
 */
public interface NetworkFamily {
    /** The sizes of a network inferred from its weights; {@code side} is that of its images, in pixels. */
    record Sizes(int channels, int classes, int side) {}

    /** The names, as messages list them. */
    List<String> names();

    /** Whether it has a network of that name. */
    default boolean has(String name) {
        return names().contains(name);
    }

    /**
     * The name of the network inferred from weights, by this family's naming; not necessarily one that it {@link #has}.
     */
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

    /**
     * What cannot be inferred from a network's weights, as the rest of a sentence whose subject is the network; usually
     * empty.
     */
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
