package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.framework.Summary;
import org.tensorflow.util.Event;
import org.tensorflow.util.SessionLog;
import varepsilon.train.EpochResult;

class TensorBoardListenerTest {
    private static final Map<String, Object> HYPER_PARAMETERS = Map.of("latentDim", 20, "data", "glyphs");
    private static final ImageGrid PICTURE = ImageGrid.of(new byte[2 * 9], 1, 3, 3);

    @TempDir
    private Path folder;

    @Test
    void writesTheColumnsOfMetricsCsvAtTheStepOfEachEpochsEnd() throws IOException {
        try (TensorBoardListener listener = listener()) {
            listener.started(List.of());
            listener.finished(epoch(0, 141, 1.25, 0.75));
            listener.finished(epoch(1, 282, 0.5, 0.625));
        }

        List<Event> events = events(0);
        assertThat(events).hasSize(4);
        assertThat(events.get(1).getSummary().getValue(0).getTag()).isEqualTo("_hparams_/session_start_info");
        assertThat(events.get(2).getStep()).isEqualTo(141);
        assertThat(scalars(events.get(2)))
                .containsExactly(
                        tuple("train_bpd", 1.25f),
                        tuple("train_kl_nats", 12.5f),
                        tuple("val_bpd", 0.75f),
                        tuple("val_kl_nats", 7.5f));
        assertThat(events.get(3).getStep()).isEqualTo(282);
        assertThat(scalars(events.get(3))).contains(tuple("train_bpd", 0.5f), tuple("val_bpd", 0.625f));
    }

    @Test
    void showsPicturesAtTheirStep() throws IOException {
        try (TensorBoardListener listener = listener()) {
            listener.started(List.of());
            listener.picture("samples", 7, PICTURE);
        }

        Event event = events(0).get(2);
        assertThat(event.getStep()).isEqualTo(7);
        Summary.Value value = event.getSummary().getValue(0);
        assertThat(value.getTag()).isEqualTo("samples");
        assertThat(value.getImage().getWidth()).isEqualTo(PICTURE.render().getWidth());
        assertThat(value.getImage().getEncodedImageString().toByteArray()).isEqualTo(PICTURE.toPng());
    }

    @Test
    void aResumedRunWritesAFurtherFileThatTakesBackEpochsWhichRunAgain() throws IOException {
        EpochResult first = epoch(0, 141, 1.25, 0.75);
        try (TensorBoardListener killed = listener()) {
            killed.started(List.of());
            killed.finished(first);
            killed.finished(epoch(1, 282, 0.5, 0.625)); // killed before its checkpoint: it runs again
        }
        try (TensorBoardListener resumed = listener()) {
            resumed.started(List.of(first));
            resumed.finished(epoch(1, 282, 0.5, 0.625));
        }

        List<Event> events = events(1);
        assertThat(events).hasSize(3);
        assertThat(events.get(1).getSessionLog().getStatus()).isEqualTo(SessionLog.SessionStatus.START);
        assertThat(events.get(1).getStep())
                .as("everything after the last finished epoch")
                .isEqualTo(142);
        assertThat(events.get(2).getStep()).isEqualTo(282);
        assertThat(scalars(events.get(2))).contains(tuple("val_bpd", 0.625f));
    }

    @Test
    void aRunResumedWithinItsFirstEpochKeepsThePictureOfTheUntrainedModel() throws IOException {
        try (TensorBoardListener killed = listener()) {
            killed.started(List.of());
            killed.picture("samples", 0, PICTURE);
        }
        try (TensorBoardListener resumed = listener()) {
            resumed.started(List.of());
        }

        assertThat(events(1).get(1).getStep()).isEqualTo(1);
    }

    @Test
    void aPictureBeforeTheStartIsAMistake() throws IOException {
        try (TensorBoardListener listener = listener()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> listener.picture("samples", 0, PICTURE))
                    .withMessageContaining("before training has started");
        }
        assertThat(folder).isEmptyDirectory();
    }

    private TensorBoardListener listener() {
        return new TensorBoardListener(folder, HYPER_PARAMETERS, Clock.systemUTC());
    }

    private static EpochResult epoch(int epoch, long step, double train, double validation) {
        return new EpochResult(epoch, step, 1, metrics(train), metrics(validation));
    }

    private static Map<String, Double> metrics(double bpd) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("bpd", bpd);
        metrics.put("kl_nats", 10 * bpd);
        return metrics;
    }

    private static List<Tuple> scalars(Event event) {
        return event.getSummary().getValueList().stream()
                .map(value -> tuple(value.getTag(), value.getSimpleValue()))
                .toList();
    }

    private List<Event> events(int file) throws IOException {
        try (var files = Files.list(folder)) {
            return EventRecords.read(files.sorted().toList().get(file));
        }
    }
}
