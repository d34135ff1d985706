package varepsilon.lab.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/**
 * The progress of long work: one line on a terminal, redrawn at most ten times a second; elsewhere, a line every half
 * minute.
 *
 * <pre>{@code
 * try (Progress progress = Progress.start("training", 33_760, "steps", display)) {
 *     progress.advance(1);
 *     progress.status("0.5421 bpd");
 * }
 * }</pre>
 *
 * <p>Closing it prints the last state on a line of its own. Safe for use by several threads.
 */
final class Progress implements AutoCloseable {
    private static final Duration REDRAW = Duration.ofMillis(100);
    private static final Duration LINE = Duration.ofSeconds(30);
    private static final int SHORTEST_BAR = 10;
    private static final int LONGEST_BAR = 30;

    private final String label;
    private final long total;
    private final String unit;
    private final Display display;
    private final long startMillis;

    private long already;
    private long done;
    private String status = "";
    private long lastMillis;
    private int drawnLength;
    private boolean closed;

    private Progress(String label, long total, String unit, Display display) {
        this.label = label;
        this.total = total;
        this.unit = unit;
        this.display = display;
        this.startMillis = display.clock.millis();
        this.lastMillis = startMillis;
    }

    /** The form of display. */
    public enum Mode {
        /** A line that is redrawn. */
        BAR,
        /** A new line at intervals. */
        LINES,
        /** Nothing. */
        OFF
    }

    /**
     * Where and how progress is shown.
     *
     * @param width columns of the terminal
     */
    public record Display(PrintStream out, Clock clock, Mode mode, int width) {
        private static final int USUAL_WIDTH = 80;

        /** Checks that a line fits. */
        public Display {
            if (width < 20) {
                throw new IllegalArgumentException("a terminal of " + width + " columns is too narrow");
            }
        }

        /**
         * On the process's standard error: a bar if it is a terminal, else lines; nothing if progress is switched off.
         *
         * @param err the stream to it
         */
        public static Display standardError(PrintStream err, boolean enabled) {
            Map<String, String> environment = System.getenv();
            boolean bar = isTerminal() && !"dumb".equals(environment.get("TERM"));
            Mode mode = enabled ? bar ? Mode.BAR : Mode.LINES : Mode.OFF;
            return new Display(err, Clock.systemUTC(), mode, width(environment.get("COLUMNS")));
        }

        static int width(String columns) {
            return columns != null && columns.matches("[0-9]{2,3}")
                    ? Math.max(20, Integer.parseInt(columns))
                    : USUAL_WIDTH;
        }

        private static boolean isTerminal() {
            int typeOfFile = 0170000;
            int characterDevice = 0020000;
            try {
                int mode = (Integer) Files.getAttribute(Path.of("/dev/fd/2"), "unix:mode");
                return (mode & typeOfFile) == characterDevice;
            } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
                return false; // Not a Unix: lines are legible everywhere.
            }
        }
    }

    /**
     * Starts to show progress.
     *
     * @param total how many units there are to do, at least 1
     * @param unit what is counted, such as {@code steps}
     */
    public static Progress start(String label, long total, String unit, Display display) {
        if (total < 1) {
            throw new IllegalArgumentException("nothing to do: total is " + total);
        }
        Progress progress = new Progress(label, total, unit, display);
        progress.draw(progress.startMillis);
        return progress;
    }

    /** Sets the units that were done before a resume; they do not count for the speed. */
    public synchronized void already(long units) {
        already += units;
        advance(units);
    }

    /** Adds units that are done. */
    public synchronized void advance(long units) {
        done = Math.min(total, done + units);
        update();
    }

    /** Shows a figure after the rest of the line, such as the current bits per dimension. */
    public synchronized void status(String status) {
        this.status = status.strip();
        update();
    }

    /** Prints a message on a line of its own, above the bar; also where no progress is shown. */
    public synchronized void note(String message) {
        if (drawnLength > 0 && !closed) {
            display.out.print("\r" + " ".repeat(drawnLength) + "\r");
        }
        display.out.println(message);
        if (drawnLength > 0 && !closed) {
            drawnLength = 0;
            draw(display.clock.millis());
        }
        display.out.flush();
    }

    /** Draws the last state and ends the line. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (display.mode != Mode.OFF) {
            draw(display.clock.millis());
            if (display.mode == Mode.BAR) {
                display.out.println();
            }
            display.out.flush();
        }
    }

    private void update() {
        long now = display.clock.millis();
        long pause = (display.mode == Mode.BAR ? REDRAW : LINE).toMillis();
        if (!closed && now - lastMillis >= pause) {
            draw(now);
        }
    }

    private void draw(long now) {
        lastMillis = now;
        if (display.mode == Mode.BAR) {
            String line = line(now);
            display.out.print("\r" + line + " ".repeat(Math.max(0, drawnLength - line.length())));
            drawnLength = line.length();
        } else if (display.mode == Mode.LINES && (done > already || closed)) {
            display.out.println(String.join("  ", label, percent(), figures(now)));
        }
        display.out.flush();
    }

    /** At most one column less than the terminal is wide, since some wrap when the last is filled. */
    private String line(long now) {
        String figures = figures(now);
        int room = display.width - 1 - (label + "  " + percent() + " []  " + figures).length();
        String bar = room >= SHORTEST_BAR ? bar(Math.min(LONGEST_BAR, room)) : "";
        String line = label + "  " + percent() + bar + "  " + figures;
        return line.length() < display.width ? line : line.substring(0, display.width - 1);
    }

    private String bar(int length) {
        int filled = (int) (length * (double) done / total);
        String head = filled > 0 && filled < length ? ">" : "";
        return " [" + "=".repeat(filled - head.length()) + head + " ".repeat(length - filled) + "]";
    }

    private String percent() {
        return String.format(Locale.ROOT, "%3d%%", (long) (100.0 * done / total));
    }

    private String figures(long now) {
        String most = Long.toString(total);
        String count = Long.toString(done);
        StringBuilder figures =
                new StringBuilder(" ".repeat(most.length() - count.length())).append(count + "/" + most + " " + unit);
        double seconds = Math.max(0, now - startMillis) / 1000.0;
        double rate = seconds == 0 ? 0 : (done - already) / seconds;
        if (rate > 0) {
            figures.append("  ").append(shortened(rate)).append("/s");
            figures.append("  ")
                    .append(done == total ? "in " + clockFace(seconds) : clockFace((total - done) / rate) + " left");
        }
        if (!status.isEmpty()) {
            figures.append("  ").append(status);
        }
        return figures.toString();
    }

    private static String shortened(double rate) {
        return String.format(Locale.ROOT, rate >= 100 ? "%.0f" : rate >= 10 ? "%.1f" : "%.2f", rate);
    }

    private static String clockFace(double seconds) {
        Duration time = Duration.ofSeconds(Math.round(Math.min(seconds, 1e9)));
        return time.toHours() == 0
                ? String.format(Locale.ROOT, "%d:%02d", time.toMinutes(), time.toSecondsPart())
                : String.format(
                        Locale.ROOT, "%d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
    }
}
