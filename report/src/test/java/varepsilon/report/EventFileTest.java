package varepsilon.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.framework.DataType;
import org.tensorflow.framework.Summary;
import org.tensorflow.framework.SummaryMetadata;
import org.tensorflow.util.Event;
import org.tensorflow.util.SessionLog;

class EventFileTest {
    private static final Clock NOON = Clock.fixed(Instant.parse("2026-03-01T12:00:00.250Z"), ZoneOffset.UTC);
    private static final double NOON_SECONDS = 1772366400.25;

    @TempDir
    private Path folder;

    @Test
    void theReadersChecksumIsTheStandardsOwn() {
        assertThat(EventRecords.crc32c("123456789".getBytes(StandardCharsets.US_ASCII)))
                .as("check value of CRC-32C, RFC 3720")
                .isEqualTo(0xE3069283);
    }

    @Test
    void startsWithTheFileVersion() throws IOException {
        List<Event> events = written(file -> {});
        assertThat(events).hasSize(1);
        assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
        assertThat(events.get(0).getWallTime()).isEqualTo(NOON_SECONDS);
    }

    @Test
    void scalarsKeepTheirTagStepTimeAndValue() throws IOException {
        List<Event> events = written(file -> {
            file.scalar("val_bpd", 0, 0.8878);
            file.scalar("val_bpd", 5_000_000_000L, Double.NaN);
            Map<String, Double> both = new LinkedHashMap<>();
            both.put("train_bpd", 0.5);
            both.put("train_kl_nats", -44.25);
            file.scalars(300, both);
        });

        assertThat(events).hasSize(4);
        assertThat(events.get(1).getWallTime()).isEqualTo(NOON_SECONDS);
        assertThat(events.get(1).getStep()).isZero();
        assertThat(only(events.get(1)).getTag()).isEqualTo("val_bpd");
        assertThat(only(events.get(1)).getValueCase()).isEqualTo(Summary.Value.ValueCase.SIMPLE_VALUE);
        assertThat(only(events.get(1)).getSimpleValue()).isEqualTo(0.8878f);
        assertThat(events.get(2).getStep()).isEqualTo(5_000_000_000L);
        assertThat(only(events.get(2)).getSimpleValue()).isNaN();
        assertThat(events.get(3).getStep()).isEqualTo(300);
        assertThat(events.get(3).getSummary().getValueList())
                .extracting(Summary.Value::getTag, Summary.Value::getSimpleValue)
                .containsExactly(tuple("train_bpd", 0.5f), tuple("train_kl_nats", -44.25f));
    }

    @Test
    void picturesArePngWithTheirSize() throws IOException {
        BufferedImage picture = ImageGrid.of(new byte[] {0, 50, 100, (byte) 200, 1, 2}, 1, 2, 3)
                .scale(1)
                .padding(0)
                .render();
        List<Event> events = written(file -> file.image("samples", 422, picture));

        Summary.Value value = only(events.get(1));
        assertThat(value.getTag()).isEqualTo("samples");
        assertThat(value.getImage().getHeight()).isEqualTo(2);
        assertThat(value.getImage().getWidth()).isEqualTo(3);
        assertThat(value.getImage().getColorspace()).as("RGB").isEqualTo(3);
        BufferedImage read = ImageIO.read(new ByteArrayInputStream(
                value.getImage().getEncodedImageString().toByteArray()));
        assertThat(read.getRGB(0, 1) & 0xFFFFFF).isEqualTo(0xC8C8C8);
        assertThat(read.getRGB(2, 0) & 0xFFFFFF).isEqualTo(0x646464);
    }

    @Test
    void textsAreStringTensorsOfTheTextPlugin() throws IOException {
        List<Event> events = written(file -> file.text("config", 0, "ε: *8/255*"));
        Summary.Value value = only(events.get(1));
        assertThat(value.getMetadata().getPluginData().getPluginName()).isEqualTo("text");
        assertThat(value.getTensor().getDtype()).isEqualTo(DataType.DT_STRING);
        assertThat(value.getTensor().getTensorShape().getDimCount()).isZero();
        assertThat(value.getTensor().getStringValList()).containsExactly(ByteString.copyFromUtf8("ε: *8/255*"));
    }

    @Test
    void hyperParametersAreListedByTheHparamsPlugin() throws IOException {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("latent_dim", 20);
        values.put("learning_rate", 1e-3);
        values.put("augmentation", false);
        values.put("data", "mnist");
        List<Event> events = written(file -> {
            file.sessionStart(values);
        });

        // plugin_data.proto: HParamsPluginData{session_start_info = 3}
        UnknownFieldSet start = message(hparams(events.get(1), "_hparams_/session_start_info"), 3);
        // SessionStartInfo{map<string, Value> hparams = 1, start_time_secs = 5}: a map has the fields of a Struct
        assertThat(float64(start, 5)).isEqualTo(NOON_SECONDS);
        assertThat(struct(start).getFieldsMap())
                .containsOnly(
                        entry(
                                "latent_dim",
                                Value.newBuilder().setNumberValue(20).build()),
                        entry(
                                "learning_rate",
                                Value.newBuilder().setNumberValue(1e-3).build()),
                        entry(
                                "augmentation",
                                Value.newBuilder().setBoolValue(false).build()),
                        entry("data", Value.newBuilder().setStringValue("mnist").build()));
    }

    @Test
    void aHyperParameterThatTensorBoardCannotShowIsRefused() throws IOException {
        try (EventFile file = EventFile.create(folder, NOON)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> file.sessionStart(Map.of("filters", List.of(32, 64))))
                    .withMessageContaining("filters")
                    .withMessageContaining("[32, 64]");
        }
        assertThat(EventRecords.read(eventFiles().get(0)))
                .as("nothing half-written")
                .hasSize(1);
    }

    @Test
    void aResumedRunWritesAFurtherFileThatTakesBackWhatWillRunAgain() throws IOException {
        try (EventFile file = EventFile.create(folder, NOON)) {
            file.scalar("train_bpd", 100, 0.6);
            file.scalar("train_bpd", 200, 0.5);
        }
        try (EventFile file = EventFile.resume(folder, NOON, 150)) {
            file.scalar("train_bpd", 200, 0.55);
        }

        List<Path> files = eventFiles();
        assertThat(files).hasSize(2);
        assertThat(EventRecords.read(files.get(0))).hasSize(3);
        List<Event> resumed = EventRecords.read(files.get(1));
        assertThat(resumed.get(0).getFileVersion()).isEqualTo("brain.Event:2");
        assertThat(resumed.get(1).getStep()).isEqualTo(150);
        assertThat(resumed.get(1).getSessionLog().getStatus()).isEqualTo(SessionLog.SessionStatus.START);
        assertThat(only(resumed.get(2)).getSimpleValue()).isEqualTo(0.55f);
    }

    @Test
    void laterFilesSortAfterEarlierOnesAlsoWhenTheClockGoesBack() throws IOException {
        List<Path> inOrder = new ArrayList<>();
        for (int hours : new int[] {0, 0, -1, 2, 0}) {
            Clock clock = Clock.offset(NOON, Duration.ofHours(hours));
            try (EventFile file = EventFile.create(folder, clock)) {
                inOrder.add(file.path());
            }
        }
        assertThat(eventFiles()).containsExactlyElementsOf(inOrder);
        assertThat(inOrder.get(0).getFileName().toString())
                .matches("events\\.out\\.tfevents\\.1772366400\\.[A-Za-z0-9_-]+\\.0");
    }

    @Test
    void whateverIsWrittenCanBeReadAtOnceAndUpToAnyCut() throws IOException {
        try (EventFile file = EventFile.create(folder, NOON)) {
            for (int step = 0; step < 20; step++) {
                file.scalar("loss", step, step);
                assertThat(EventRecords.read(file.path())).as("without closing").hasSize(step + 2);
            }
        }
        byte[] whole = Files.readAllBytes(eventFiles().get(0));
        int record = (whole.length - firstRecordLength(whole)) / 20;
        for (int length = firstRecordLength(whole); length <= whole.length; length++) {
            List<Event> events = EventRecords.read(Arrays.copyOf(whole, length));
            // Step 0 and value 0 are as long as any other here, so records have one length.
            assertThat(events.size()).isEqualTo(1 + (length - firstRecordLength(whole)) / record);
        }
        byte[] damaged = whole.clone();
        damaged[whole.length - 6] ^= 1;
        assertThatIOException().isThrownBy(() -> EventRecords.read(damaged)).withMessageContaining("record 20");
    }

    @Test
    void threadsDoNotCutIntoEachOthersRecords() throws IOException {
        List<Event> events = written(file -> IntStream.range(0, 200).parallel().forEach(step -> {
            try {
                file.text("t" + step % 7, step, "x".repeat(step));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }));
        assertThat(events.stream().skip(1).map(Event::getStep).collect(Collectors.toSet()))
                .hasSize(200);
    }

    @Test
    void anInterruptedThreadCanStillWrite() throws IOException {
        List<Event> events = written(file -> {
            Thread.currentThread().interrupt();
            file.scalar("loss", 1, 1);
            assertThat(Thread.interrupted()).isTrue();
            file.scalar("loss", 2, 2);
        });
        assertThat(events).hasSize(3);
    }

    @Test
    void aClosedFileTakesNothingMore() throws IOException {
        EventFile file = EventFile.create(folder, NOON);
        file.close();
        assertThatIOException().isThrownBy(() -> file.scalar("loss", 1, 1));
        file.close();
    }

    /** What is done with a file in a test. */
    @FunctionalInterface
    private interface Use {
        void with(EventFile file) throws IOException;
    }

    private List<Event> written(Use use) throws IOException {
        try (EventFile file = EventFile.create(folder.resolve("run"), NOON)) {
            use.with(file);
            return EventRecords.read(file.path());
        }
    }

    private List<Path> eventFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static int firstRecordLength(byte[] file) {
        return 8 + 4 + file[0] + 4;
    }

    private static Summary.Value only(Event event) {
        assertThat(event.getSummary().getValueCount()).isEqualTo(1);
        return event.getSummary().getValue(0);
    }

    private static UnknownFieldSet hparams(Event event, String tag) throws IOException {
        Summary.Value value = only(event);
        SummaryMetadata metadata = value.getMetadata();
        assertThat(value.getTag()).isEqualTo(tag);
        assertThat(metadata.getPluginData().getPluginName()).isEqualTo("hparams");
        assertThat(varint(metadata.getUnknownFields(), 4))
                .as("data class: tensor")
                .isEqualTo(2);
        assertThat(value.getTensor().getDtype()).isEqualTo(DataType.DT_FLOAT);
        assertThat(value.getTensor().getTensorShape().getDimCount()).isEqualTo(1);
        assertThat(value.getTensor().getTensorShape().getDim(0).getSize()).isZero();
        return UnknownFieldSet.parseFrom(metadata.getPluginData().getContent());
    }

    private static Struct struct(UnknownFieldSet start) throws IOException {
        UnknownFieldSet entries =
                UnknownFieldSet.newBuilder().addField(1, start.getField(1)).build();
        return Struct.parseFrom(entries.toByteString());
    }

    private static UnknownFieldSet message(UnknownFieldSet parent, int field) {
        List<UnknownFieldSet> messages = messages(parent, field);
        assertThat(messages).hasSize(1);
        return messages.get(0);
    }

    private static List<UnknownFieldSet> messages(UnknownFieldSet parent, int field) {
        return parent.getField(field).getLengthDelimitedList().stream()
                .map(bytes -> {
                    try {
                        return UnknownFieldSet.parseFrom(bytes);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .toList();
    }

    private static long varint(UnknownFieldSet parent, int field) {
        return parent.getField(field).getVarintList().get(0);
    }

    private static double float64(UnknownFieldSet parent, int field) {
        return Double.longBitsToDouble(parent.getField(field).getFixed64List().get(0));
    }
}
