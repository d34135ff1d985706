package varepsilon.lab.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import varepsilon.base.InputException;
import varepsilon.coding.CodedFile;
import varepsilon.data.NumpyFile;
import varepsilon.generative.BitsBack;
import varepsilon.generative.BitsBackHeader;
import varepsilon.generative.LevelImages;
import varepsilon.generative.VaeFile;
import varepsilon.lab.evaluate.LevelPng;
import varepsilon.tensor.Device;
import varepsilon.tensor.Engine;

/** {@code varepsilon vae decompress}. */
@Command(
        name = "decompress",
        description = "Decompresses the images of a file that `varepsilon vae compress` wrote.",
        footer = {
            "",
            "A name that ends in .npy gets an array of bytes N×C×H×W, the levels; any other becomes a folder with a PNG",
            "file for each image, from black at level 0 to white at the last. The number of threads is the file's.",
            "",
            "Examples:",
            "  varepsilon vae decompress --weights runs/digits --in digits.vae --out digits.npy",
            "  varepsilon vae decompress --weights runs/digits --in digits.vae --out digits"
        })
final class VaeDecompressCommand implements Callable<Integer> {
    @Mixin
    private final WeightsOption weights = new WeightsOption();

    @Option(names = "--in", required = true, paramLabel = "FILE", description = "The compressed file.")
    private Path in;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE.npy|FOLDER",
            description = "The file of an array, or a new folder of PNG files.")
    private Path out;

    @Option(names = "--force", description = "Replace the file where there is one; a folder is not replaced.")
    private boolean force;

    @Mixin
    private final Output output;

    VaeDecompressCommand(Console console) {
        this.output = new Output(console);
    }

    @Override
    public Integer call() throws IOException {
        checkPlace();
        CodedFile coded = CodedFile.read(in);
        BitsBackHeader header = BitsBackHeader.of(coded, in);
        Engine.setThreads(header.threads());
        try (VaeFile model = weights.readVae(Device.parse(header.device()), output);
                WorkProgress progress = new WorkProgress(output, "images")) {
            long start = System.nanoTime();
            LevelImages images = BitsBack.of(model).decompress(coded, in, progress);
            double seconds = (System.nanoTime() - start) / 1e9;
            write(images);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("file", out.toString());
            result.put("n", images.size());
            result.put("image", images.shape().text());
            result.put("levels", images.levels());
            result.put("seconds", seconds);
            output.result(
                    result,
                    String.format(
                            Locale.ROOT,
                            "Wrote %s: %,d images of %s with %d levels, those that were compressed; %.0f images a second.",
                            out,
                            images.size(),
                            images.shape(),
                            images.levels(),
                            images.size() / seconds));
        }
        return 0;
    }

    private boolean isArray() {
        return out.toString().toLowerCase(Locale.ROOT).endsWith(".npy");
    }

    /** Rejects a place that cannot be written to, before any work is done. */
    private void checkPlace() {
        if (isArray() && Files.isDirectory(out)) {
            throw new InputException(out + ": is a folder; expected the name of a file");
        }
        if (Files.exists(out) && !(isArray() && force)) {
            throw new InputException(
                    out + ": is there already; " + (isArray() ? "--force replaces it" : "expected a new folder"));
        }
    }

    private void write(LevelImages images) throws IOException {
        if (isArray()) {
            NumpyFile.write(
                    out,
                    images.values(),
                    images.size(),
                    images.shape().channels(),
                    images.shape().height(),
                    images.shape().width());
            return;
        }
        if (!LevelPng.takes(images)) {
            throw new InputException(out + ": PNG has no images of "
                    + images.shape().channels() + " channels; expected a name that ends in .npy");
        }
        // In a folder beside it, which gets its name when it is whole.
        Path absolute = out.toAbsolutePath();
        Path partial = absolute.resolveSibling(
                "." + absolute.getFileName() + ".tmp" + ProcessHandle.current().pid());
        Files.createDirectories(partial);
        List<Path> written = new ArrayList<>(List.of(partial));
        try {
            int digits = Integer.toString(images.size() - 1).length();
            for (int i = 0; i < images.size(); i++) {
                Path file = partial.resolve(String.format(Locale.ROOT, "%0" + digits + "d.png", i));
                written.add(file);
                Files.write(file, LevelPng.visible(images, i, i + 1));
            }
            Files.move(partial, absolute, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            // Nothing is there any more, unless something failed.
            for (int i = written.size() - 1; i >= 0; i--) {
                Files.deleteIfExists(written.get(i));
            }
        }
    }
}
