package varepsilon.lab.cli;

import java.io.PrintStream;

/**
 * The streams of a command.
 *
 * @param out where results go
 * @param err where everything else goes
 * @param interruption state of Ctrl-C
 */
record Console(PrintStream out, PrintStream err, Interruption interruption) {}
