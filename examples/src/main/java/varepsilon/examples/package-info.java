/** Small programs that use the library, each for one purpose; they need no data set and no internet connection. */
package varepsilon.examples;
