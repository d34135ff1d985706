/**
 * The command line: options in, calls to the rooms above, plain messages and exit codes out. No logic lives here.
 */
package varepsilon.lab.cli;
