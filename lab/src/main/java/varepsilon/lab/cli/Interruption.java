package varepsilon.lab.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Handles Ctrl-C and SIGTERM. A command that can save its work polls {@link #requested}; the process then ends only
 * when that command is done. All others end at once.
 */
final class Interruption {
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean delayed;
    private volatile boolean requested;

    /** From now on the running command polls {@link #requested}, and the process waits for it. */
    void delay() {
        delayed = true;
    }

    /** Whether the process was signalled to end. */
    boolean requested() {
        return requested;
    }

    /** Requests that the running command ends, and waits for it if it polls. */
    void request() throws InterruptedException {
        requested = true;
        if (delayed) {
            done.await();
        }
    }

    /** The command is done and has printed its output. */
    void finished() {
        done.countDown();
    }

    /** Installs a hook for the signals that end this process. */
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
