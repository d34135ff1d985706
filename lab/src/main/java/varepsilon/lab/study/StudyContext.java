package varepsilon.lab.study;

import java.io.IOException;
import java.nio.file.Path;
import varepsilon.base.StoppedException;
import varepsilon.base.Watch;
import varepsilon.lab.run.RunStore;
import varepsilon.lab.spec.RunSpec;
import varepsilon.tensor.Device;

/**
 * What a study works with.
 *
 * @param size how much it does
 * @param data the data set that a person asked for, or null for the study's own: {@link #dataOr}
 * @param seed decides everything that is random
 * @param threads threads of one operation
 * @param device {@code cpu} or {@code cuda:i}
 * @param runs trains models, or finds them trained
 */
public record StudyContext(Size size, String data, long seed, int threads, Device device, RunStore runs) {
    /** How much a study does. */
    public enum Size {
        /** Seconds, on the drawn digits. */
        SMOKE,
        /** Minutes on one core, on real data. */
        LAPTOP,
        /** As much as makes the answer firm. */
        FULL
    }

    /** Where the data lies. */
    public Path dataDir() {
        return runs.dataDir();
    }

    /** Told how far the study is; its progress throws {@link StoppedException} where a stop is requested. */
    public Watch watch() {
        return runs.watch().throwing();
    }

    /** The data set: what was asked for, else the drawn digits in {@link Size#SMOKE}, else the one given. */
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
     * Tells how far it is.
     *
     * @throws StoppedException where it is to stop
     */
    public void progress(String what, long done, long all) {
        watch().progress(what, done, all);
    }
}
