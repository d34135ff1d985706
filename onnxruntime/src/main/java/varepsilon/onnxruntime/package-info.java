/** ONNX models run by ONNX Runtime: optional, for checks and for models that the engine cannot run. */
package varepsilon.onnxruntime;
