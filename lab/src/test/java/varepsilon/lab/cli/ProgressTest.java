package varepsilon.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import varepsilon.lab.cli.Progress.Display;
import varepsilon.lab.cli.Progress.Mode;

class ProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final SteppingClock clock = new SteppingClock();

    private Display display(Mode mode, int width) {
        return new Display(new PrintStream(bytes, true, StandardCharsets.UTF_8), clock, mode, width);
    }

    @Test
    void drawsOneLineOverItself() {
        try (Progress progress = Progress.start("training", 400, "steps", display(Mode.BAR, 80))) {
            clock.millis += 10_000;
            progress.advance(100);
            clock.millis += 10_000;
            progress.status("0.5421 bpd");
            clock.millis += 1_000;
            progress.advance(300);
        }
        assertThat(output().split("\r"))
                .containsExactly(
                        "",
                        "training    0% [                              ]    0/400 steps",
                        "training   25% [======>                     ]  100/400 steps  10.0/s  0:30 left",
                        "training   25% [===>            ]  100/400 steps  5.00/s  1:00 left  0.5421 bpd",
                        "training  100% [==================]  400/400 steps  19.0/s  in 0:21  0.5421 bpd",
                        "training  100% [==================]  400/400 steps  19.0/s  in 0:21  0.5421 bpd\n");
    }

    @Test
    void isDrawnAtMostTenTimesASecond() {
        Progress progress = Progress.start("p", 100_000, "images", display(Mode.BAR, 80));
        IntStream.range(0, 1000).forEach(i -> {
            clock.millis++;
            progress.advance(1);
        });
        assertThat(output().chars().filter(c -> c == '\r').count()).isEqualTo(1 + 10);
    }

    @Test
    void neverFillsTheTerminalsLastColumn() {
        for (int width = 20; width < 120; width++) {
            bytes.reset();
            try (Progress progress = Progress.start("epoch 3/80", 422, "steps", display(Mode.BAR, width))) {
                clock.millis += 200;
                progress.status("validation 0.5421 bpd");
                clock.millis += 200;
                progress.advance(17);
            }
            for (String line : output().split("[\r\n]+")) {
                assertThat(line.length()).as("%d columns: %s", width, line).isLessThan(width);
            }
        }
    }

    @Test
    void aShorterLineLeavesNothingOfTheLongerOne() {
        Progress progress = Progress.start("p", 10, "steps", display(Mode.BAR, 200));
        clock.millis += 200;
        progress.status("a long status");
        clock.millis += 200;
        progress.status("x");
        String[] drawn = output().split("\r");
        assertThat(drawn[3]).hasSameSizeAs(drawn[2]).endsWith("steps  x" + " ".repeat("a long status".length() - 1));
    }

    @Test
    void anAbortLeavesAWholeLineAndNothingComesAfterIt() {
        Progress progress = Progress.start("training", 10, "steps", display(Mode.BAR, 80));
        clock.millis += 1000;
        progress.advance(3);
        progress.close();
        String atClose = output();
        progress.advance(1);
        clock.millis += 1000;
        progress.status("late");
        progress.close();
        assertThat(output()).isEqualTo(atClose).endsWith(" 3/10 steps  3.00/s  0:02 left\n");
    }

    @Test
    void stepsOfAnEarlierSittingDoNotCountAsSpeed() {
        try (Progress progress = Progress.start("training", 1000, "steps", display(Mode.BAR, 80))) {
            progress.already(900);
            clock.millis += 10_000;
            progress.advance(50);
        }
        assertThat(output()).endsWith(" 950/1000 steps  5.00/s  0:10 left\n");
    }

    @Test
    void whereNobodyWatchesThereIsALineNowAndThen() {
        try (Progress progress = Progress.start("training", 7200, "steps", display(Mode.LINES, 80))) {
            for (int second = 0; second < 90; second++) {
                clock.millis += 1000;
                progress.status("0.6 bpd");
                progress.advance(1);
            }
        }
        assertThat(output()).isEqualTo("""
                training    0%    29/7200 steps  0.97/s  2:03:38 left  0.6 bpd
                training    0%    59/7200 steps  0.98/s  2:01:02 left  0.6 bpd
                training    1%    89/7200 steps  0.99/s  1:59:51 left  0.6 bpd
                training    1%    90/7200 steps  1.00/s  1:58:30 left  0.6 bpd
                """);
    }

    @Test
    void offIsSilent() {
        try (Progress progress = Progress.start("training", 10, "steps", display(Mode.OFF, 80))) {
            clock.millis += 60_000;
            progress.advance(10);
        }
        assertThat(output()).isEmpty();
    }

    @Test
    void aNoteStandsAboveTheBar() {
        Progress progress = Progress.start("p", 4, "steps", display(Mode.BAR, 60));
        progress.note("no chart: this machine has no fonts");
        String bar = "p    0% [                              ]  0/4 steps";
        assertThat(output())
                .isEqualTo("\r" + bar + "\r" + " ".repeat(bar.length()) + "\rno chart: this machine has no fonts\n\r"
                        + bar);
        progress.close();
        progress.note("after the end");
        assertThat(output()).endsWith(bar + "\nafter the end\n");
    }

    @Test
    void aClockThatGoesBackDoesNoHarm() {
        try (Progress progress = Progress.start("p", 4, "steps", display(Mode.BAR, 60))) {
            clock.millis -= 3_600_000;
            progress.advance(1);
        }
        assertThat(output()).endsWith("1/4 steps\n");
    }

    @Test
    void threadsMayShareOne() {
        try (Progress progress = Progress.start("p", 10_000, "images", display(Mode.BAR, 60))) {
            IntStream.range(0, 10_000).parallel().forEach(i -> progress.advance(1));
        }
        assertThat(output()).endsWith("10000/10000 images\n");
    }

    @Test
    void theWidthComesFromTheEnvironmentWhereItMakesSense() {
        assertThat(Display.width("132")).isEqualTo(132);
        assertThat(Display.width("10")).isEqualTo(20);
        assertThat(Display.width(null)).isEqualTo(80);
        assertThat(Display.width("wide")).isEqualTo(80);
        assertThat(Display.width("99999999999")).isEqualTo(80);
    }

    @Test
    void saysWhatIsWrongWithItsInput() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Progress.start("p", 0, "steps", display(Mode.BAR, 80)))
                .withMessageContaining("total is 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> display(Mode.BAR, 5))
                .withMessageContaining("5 columns");
    }

    private String output() {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    /** Stands still until it is told. */
    private static final class SteppingClock extends Clock {
        private long millis = 1_000_000_000_000L;

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(millis);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }
}
