/**
 * What a run shows of itself: image grids, charts, tables, HTML pages, TensorBoard event files, a progress line and a
 * live view in the browser.
 * Everything here takes plain arrays and values and knows no models; one listener writes what a training reports.
 * A machine without fonts, a terminal or a full disk costs a picture or a message, never a training.
 */
package varepsilon.report;
