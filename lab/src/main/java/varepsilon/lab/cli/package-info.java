/**
 * The command line: options in, calls to the other packages, plain messages and exit codes out. It holds no logic.
 */
package varepsilon.lab.cli;
