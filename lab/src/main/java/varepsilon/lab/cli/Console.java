package varepsilon.lab.cli;

import java.io.PrintStream;

/**
 * What a command talks to.
 *
 * @param out where results go
 * @param err where everything else goes
 * @param interruption tells of Ctrl-C
 */
record Console(PrintStream out, PrintStream err, Interruption interruption) {}
