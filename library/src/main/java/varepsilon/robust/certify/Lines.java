package varepsilon.robust.certify;

import varepsilon.tensor.Tensor;

/**
 * Two lines, one below and one above a function on an interval, element by element: slope·x + intercept.
 */
record Lines(Tensor lowerSlope, Tensor lowerIntercept, Tensor upperSlope, Tensor upperIntercept) {}
