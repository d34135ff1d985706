package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.RunSpec;
import varepsilon.tensor.Device;

/**
 * The context of a study: size, data, seed and device.
 *
 * @param size the amount of computation
 * @param data the data set chosen by the user, or null for the study's own: {@link #dataOr}
 * @param seed the seed of all random numbers
 * @param threads threads of one operation
 * @param device {@code cpu} or {@code cuda:i}
 * @param runs trains models, or finds them trained
 */
public record StudyContext(Size size, String data, long seed, int threads, Device device, RunStore runs) {
    /** The amount of computation of a study. */
    public enum Size {
        /** Seconds, on the drawn digits. */
        SMOKE,
        /** Minutes on one core, on real data. */
        LAPTOP,
        /** The full size, with the narrowest intervals. */
        FULL
    }

    /** The data folder. */
    public Path dataDir() {
        return runs.dataDir();
    }

    /** Receives the progress of the study; its progress throws {@link StoppedException} where a stop is requested. */
    public Watch watch() {
        return runs.watch().throwing();
    }

    /** The data set: the chosen one, else the drawn digits in {@link Size#SMOKE}, else the one given. */
    public String dataOr(String real) {
        if (data != null) {
            return data;
        }
        return size == Size.SMOKE ? "glyphs" : real;
    }

    /** The value for this size. */
    public <T> T pick(T smoke, T laptop, T full) {
        return switch (size) {
            case SMOKE -> smoke;
            case LAPTOP -> laptop;
            case FULL -> full;
        };
    }

    /** The run directory of a training that is finished, now or before. */
    public Path trained(RunSpec spec) throws IOException {
        return runs.trained(spec);
    }

    /**
     * Reports progress.
     *
     * @throws StoppedException where a stop is requested
     */
    public void progress(String what, long done, long all) {
        watch().progress(what, done, all);
    }
}
