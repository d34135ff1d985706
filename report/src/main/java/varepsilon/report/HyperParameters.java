package varepsilon.report;

import java.util.List;
import java.util.Map;

/** The messages of TensorBoard's hparams plugin, by the field numbers of its plugin_data.proto and api.proto. */
final class HyperParameters {
    private static final int TYPE_STRING = 1;
    private static final int TYPE_BOOL = 2;
    private static final int TYPE_FLOAT64 = 3;

    private HyperParameters() {}

    /** HParamsPluginData{session_start_info}: the values of one run. */
    static byte[] sessionStart(Map<String, ?> values, double seconds) {
        ProtoMessage info = new ProtoMessage();
        values.forEach((name, value) ->
                info.message(1, new ProtoMessage().string(1, name).message(2, value(name, value))));
        info.float64(5, seconds);
        return new ProtoMessage().message(3, info).toBytes();
    }

    /** HParamsPluginData{session_end_info}: how one run ended. */
    static byte[] sessionEnd(EventFile.Outcome outcome, double seconds) {
        ProtoMessage info = new ProtoMessage().varint(1, outcome.status()).float64(2, seconds);
        return new ProtoMessage().message(4, info).toBytes();
    }

    /** HParamsPluginData{experiment}: which parameters and metrics several runs have in common. */
    static byte[] experiment(Map<String, ?> examples, List<String> metrics, double seconds) {
        ProtoMessage experiment = new ProtoMessage().float64(3, seconds);
        examples.forEach((name, value) ->
                experiment.message(4, new ProtoMessage().string(1, name).varint(4, type(name, value))));
        for (String tag : metrics) {
            experiment.message(5, new ProtoMessage().message(1, new ProtoMessage().string(2, tag)));
        }
        return new ProtoMessage().message(2, experiment).toBytes();
    }

    /** google.protobuf.Value. */
    private static ProtoMessage value(String name, Object value) {
        return switch (type(name, value)) {
            case TYPE_FLOAT64 -> new ProtoMessage().float64(2, ((Number) value).doubleValue());
            case TYPE_BOOL -> new ProtoMessage().varint(4, (Boolean) value ? 1 : 0);
            default -> new ProtoMessage().string(3, (String) value);
        };
    }

    private static int type(String name, Object value) {
        if (value instanceof Number) {
            return TYPE_FLOAT64;
        }
        if (value instanceof Boolean) {
            return TYPE_BOOL;
        }
        if (value instanceof String) {
            return TYPE_STRING;
        }
        throw new IllegalArgumentException(
                "hyper-parameter " + name + " must be a number, a truth value or a text, not " + value);
    }
}
