/** Small programs that use the library, each for one purpose; they need neither data nor a network. */
package varepsilon.examples;
