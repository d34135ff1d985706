package varepsilon.report;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.train.EpochResult;
import varepsilon.train.TrainingListener;

/**
 * Writes a training into TensorBoard event files in its folder: the hyper-parameters, and after each epoch the scalars
 * that {@code metrics.csv} holds, under the names of its columns, at the optimizer step of the epoch's end. A run that
 * is resumed writes a further file and goes on with the steps.
 *
 * <p>It opens the file when training starts, so in a list of listeners it must stand before those that pass it
 * pictures.
 */
public final class TensorBoardListener implements TrainingListener, Closeable {
    private final Path folder;
    private final Map<String, ?> hyperParameters;
    private final Clock clock;
    private EventFile events;

    /**
     * A writer for one start or resume of a training.
     *
     * @param folder the run's; TensorBoard takes its name for the run's name
     * @param hyperParameters numbers, truth values and texts by name
     * @param clock gives each event its time
     */
    public TensorBoardListener(Path folder, Map<String, ?> hyperParameters, Clock clock) {
        this.folder = folder;
        this.hyperParameters = new LinkedHashMap<>(hyperParameters);
        this.clock = clock;
    }

    @Override
    public void started(List<EpochResult> history) throws IOException {
        if (hasEvents()) {
            long lastStep =
                    history.isEmpty() ? 0 : history.get(history.size() - 1).step();
            events = EventFile.resume(folder, clock, lastStep + 1);
        } else {
            events = EventFile.create(folder, clock);
            events.sessionStart(hyperParameters);
        }
    }

    private boolean hasEvents() throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (var files = Files.newDirectoryStream(folder, "events.out.tfevents.*")) {
            return files.iterator().hasNext();
        }
    }

    @Override
    public void finished(EpochResult result) throws IOException {
        Map<String, Double> scalars = new LinkedHashMap<>();
        result.train().forEach((name, value) -> scalars.put("train_" + name, value));
        result.validation().forEach((name, value) -> scalars.put("val_" + name, value));
        open().scalars(result.step(), scalars);
    }

    /**
     * Adds a picture.
     *
     * @param tag its series, such as {@code samples}
     * @param step optimizer steps since the start of the run
     * @throws IllegalStateException before training starts
     */
    public void picture(String tag, long step, ImageGrid picture) throws IOException {
        open().image(tag, step, picture.render());
    }

    private EventFile open() {
        if (events == null) {
            throw new IllegalStateException("nothing can be written before training has started");
        }
        return events;
    }

    /** Closes the file, where one was opened. */
    @Override
    public void close() throws IOException {
        if (events != null) {
            events.close();
        }
    }
}
