package varepsilon.lab.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Ctrl-C and its relatives. A command that can save its work asks {@link #requested} now and then; the process then ends
 * only when that command is done. All others end at once.
 */
final class Interruption {
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean delayed;
    private volatile boolean requested;

    /** From now on the running command asks {@link #requested}, and the process waits for it. */
    void delay() {
        delayed = true;
    }

    /** Whether the process was asked to end. */
    boolean requested() {
        return requested;
    }

    /** Asks the running command to end, and waits for it if it listens. */
    void request() throws InterruptedException {
        requested = true;
        if (delayed) {
            done.await();
        }
    }

    /** The command is done and has said all that it has to say. */
    void finished() {
        done.countDown();
    }

    /** Hears the signals that end this process. */
    static Interruption ofThisProcess() {
        Interruption interruption = new Interruption();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            try {
                                interruption.request();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "interruption"));
        return interruption;
    }
}
