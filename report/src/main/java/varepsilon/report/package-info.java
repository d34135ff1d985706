/**
 * Image grids, charts, tables and TensorBoard event files. Everything here takes plain arrays and values and is
 * independent of models; one listener writes the events of a training. Missing fonts cost a chart and a warning, not a
 * training.
 */
package varepsilon.report;
