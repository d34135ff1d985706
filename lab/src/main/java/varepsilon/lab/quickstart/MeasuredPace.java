package varepsilon.lab.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import varepsilon.base.Watch;
import varepsilon.lab.run.Run;
import varepsilon.train.TrainingListener;

/**
 * Measures the first steps of the trainings, in a folder that is deleted afterwards. This does not change later
 * trainings, because every run has random streams of its own.
 */
public final class MeasuredPace implements QuickstartPace {
    private static final int WARM_UP = 3;
    private static final int STEPS = 12;
    private static final double ENOUGH_SECONDS = 6;

    private final Quickstart.Settings settings;
    private final Watch watch;
    private final LongSupplier nanoTime;

    /**
     * A pace that is measured on first use.
     *
     * @param settings of the quickstart
     * @param watch may end a measurement early, which then is less accurate or, before the first step, 0
     * @param nanoTime a clock
     */
    public MeasuredPace(Quickstart.Settings settings, Watch watch, LongSupplier nanoTime) {
        this.settings = settings;
        this.watch = watch;
        this.nanoTime = nanoTime;
    }

    @Override
    public double vaeStep() throws IOException {
        return measured(folder -> {
            try (Run<?, ?> run = new QuickstartVae(folder, settings).begin(20)) {
                return time(timer -> run.train(new TrainingListener() {}, List.of(), timer));
            }
        });
    }

    @Override
    public double standardStep() throws IOException {
        return measured(folder -> {
            try (Run<?, ?> run = new QuickstartClassifiers(folder, settings).beginStandard()) {
                return time(timer -> run.train(new TrainingListener() {}, List.of(), timer));
            }
        });
    }

    @Override
    public double adversarialStep() throws IOException {
        return measured(folder -> {
            try (Run<?, ?> run = new QuickstartClassifiers(folder, settings).beginDefended()) {
                return time(timer -> run.train(new TrainingListener() {}, List.of(), timer));
            }
        });
    }

    @FunctionalInterface
    private interface InFolder {
        double measure(Path folder) throws IOException;
    }

    @FunctionalInterface
    private interface Training {
        void run(Watch timer) throws IOException;
    }

    private static double measured(InFolder work) throws IOException {
        Path folder = Files.createTempDirectory("varepsilon-pace");
        try {
            return work.measure(folder);
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private double time(Training training) throws IOException {
        List<Long> ends = new ArrayList<>();
        training.run(new Watch() {
            @Override
            public void progress(String what, long done, long all) {
                if (what.equals("training") && done > 0) {
                    ends.add(nanoTime.getAsLong());
                }
            }

            @Override
            public boolean stopRequested() {
                return watch.stopRequested() || isEnough(ends);
            }
        });
        int first = Math.min(WARM_UP, ends.size()) - 1;
        int steps = ends.size() - 1 - first;
        return steps > 0 && first >= 0 ? (ends.get(ends.size() - 1) - ends.get(first)) / 1e9 / steps : 0;
    }

    private static boolean isEnough(List<Long> ends) {
        int steps = ends.size() - WARM_UP;
        return steps >= STEPS || steps >= 2 && (ends.get(ends.size() - 1) - ends.get(0)) / 1e9 >= ENOUGH_SECONDS;
    }
}
