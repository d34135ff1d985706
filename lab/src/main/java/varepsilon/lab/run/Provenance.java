package varepsilon.lab.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.data.Checksums;
import varepsilon.data.DataSource;
import varepsilon.data.ImageSet;
import varepsilon.tensor.Engine;

/**
 * The provenance of a run: {@code provenance.json}.
 *
 * @param seed the run's seed
 * @param data the training images
 * @param sittings one for each start or resume
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record Provenance(long seed, Data data, List<Sitting> sittings) {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .build();

    /**
     * The images.
     *
     * @param name of the data set
     * @param images how many, before the validation part is held out
     * @param sha256 of their shape, pixels and labels
     * @param files the files they were read from; none for drawn images
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Data(String name, int images, String sha256, List<File> files) {
        static Data of(DataSource source, ImageSet images, Path dataDir) throws IOException {
            List<File> files = new ArrayList<>();
            for (DataSource.StoredFile file : source.stored(dataDir)) {
                files.add(new File(file.path().toString(), Checksums.sha256(file.path())));
            }
            return new Data(source.name(), images.size(), images.sha256(), files);
        }
    }

    /**
     * A file.
     *
     * @param path where it lies
     * @param sha256 of its content
     */
    public record File(String path, String sha256) {}

    /**
     * One start or resume.
     *
     * @param started when, in UTC
     * @param command the command line
     * @param varepsilon this program's version
     * @param commit the checkout that it was built in, {@code -dirty} where files differ; empty outside of one
     * @param java the Java that ran it
     * @param system the operating system
     * @param processor the processor's name
     * @param cores cores of it that could be used
     * @param engine the native engine
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Sitting(
            String started,
            List<String> command,
            String varepsilon,
            String commit,
            String java,
            String system,
            String processor,
            int cores,
            Map<String, String> engine) {
        static Sitting now(List<String> command) {
            return new Sitting(
                    Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                    command,
                    Program.version(),
                    Program.commit(),
                    Machine.java(),
                    Machine.system(),
                    Machine.processor(),
                    Machine.cores(),
                    Engine.describe());
        }
    }

    /**
     * Writes the file, or adds this start or resume to it.
     *
     * @throws InputException where the run was started with other images
     */
    static void record(Path file, long seed, Data data, List<String> command) throws IOException {
        List<Sitting> sittings = new ArrayList<>();
        if (Files.exists(file)) {
            Provenance earlier = read(file);
            if (!earlier.data().sha256().equals(data.sha256())) {
                throw new InputException(file + ": the run was started with other images (SHA-256 "
                        + earlier.data().sha256() + ", now " + data.sha256()
                        + "); --data-dir names the folder of the data");
            }
            sittings.addAll(earlier.sittings());
        }
        sittings.add(Sitting.now(command));
        AtomicFile.writeString(file, JSON.writeValueAsString(new Provenance(seed, data, sittings)) + "\n");
    }

    private static Provenance read(Path file) throws IOException {
        try {
            return JSON.readValue(Files.readString(file), Provenance.class);
        } catch (JsonProcessingException e) {
            throw new InputException(
                    file + ": cannot be read: " + e.getOriginalMessage() + "; move it away to go on without it", e);
        }
    }
}
