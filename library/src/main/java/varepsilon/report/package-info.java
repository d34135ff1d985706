/**
 * What a run shows of itself: image grids, charts, TensorBoard event files, tables and a progress line.
 * Everything here takes plain arrays and values, so that it knows nothing of models or training.
 * A machine without fonts, a terminal or a full disk costs a picture or a message, never a training.
 */
package varepsilon.report;
