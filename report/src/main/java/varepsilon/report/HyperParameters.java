package varepsilon.report;

import java.util.Map;

/** The messages of TensorBoard's hparams plugin, by the field numbers of its plugin_data.proto and api.proto. */
final class HyperParameters {
    private HyperParameters() {}

    /** HParamsPluginData{session_start_info}: the values of one run. */
    static byte[] sessionStart(Map<String, ?> values, double seconds) {
        ProtoMessage info = new ProtoMessage();
        values.forEach((name, value) ->
                info.message(1, new ProtoMessage().string(1, name).message(2, value(name, value))));
        info.float64(5, seconds);
        return new ProtoMessage().message(3, info).toBytes();
    }

    /** google.protobuf.Value. */
    private static ProtoMessage value(String name, Object value) {
        if (value instanceof Number number) {
            return new ProtoMessage().float64(2, number.doubleValue());
        }
        if (value instanceof Boolean bool) {
            return new ProtoMessage().varint(4, bool ? 1 : 0);
        }
        if (value instanceof String text) {
            return new ProtoMessage().string(3, text);
        }
        throw new IllegalArgumentException(
                "hyper-parameter " + name + " must be a number, a truth value or a text, not " + value);
    }
}
