package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import varepsilon.data.Glyphs;
import varepsilon.data.ImageSet;

/** A data folder whose {@code mnist} has few images, drawn ones: loaded in no time. */
public final class SmallMnist {
    static final int TRAIN = 120;
    static final int TEST = 50;

    private SmallMnist() {}

    /** Makes it, in this folder. */
    public static Path in(Path folder) throws IOException {
        Path mnist = Files.createDirectories(folder.resolve("mnist"));
        write(mnist, "train", Glyphs.draw("train", TRAIN, 1));
        write(mnist, "t10k", Glyphs.draw("test", TEST, 2));
        return folder;
    }

    private static void write(Path mnist, String part, ImageSet set) throws IOException {
        ByteBuffer images = ByteBuffer.allocate(16 + set.size() * 784);
        images.putInt(0x803).putInt(set.size()).putInt(28).putInt(28);
        ByteBuffer labels = ByteBuffer.allocate(8 + set.size());
        labels.putInt(0x801).putInt(set.size());
        for (int i = 0; i < set.size(); i++) {
            images.put(set.image(i));
            labels.put((byte) set.label(i));
        }
        Files.write(mnist.resolve(part + "-images-idx3-ubyte"), images.array());
        Files.write(mnist.resolve(part + "-labels-idx1-ubyte"), labels.array());
    }
}
