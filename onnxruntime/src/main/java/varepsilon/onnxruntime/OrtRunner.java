package varepsilon.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import varepsilon.base.InputException;
import varepsilon.classify.OnnxRunner;
import varepsilon.graph.Graph;
import varepsilon.tensor.Tensor;

/** ONNX Runtime on the CPU. */
public final class OrtRunner implements OnnxRunner {
    /**
     * ONNX Runtime 1.29 parses the process's command line when it starts, with a recursion as deep as that is long: a
     * class path of 5,000 characters overflows the usual stack of a thread, which ends the process. Memory is taken only
     * where it is used.
     */
    private static final long STACK_BYTES = 1L << 28;

    private final OrtEnvironment environment = started();

    private static OrtEnvironment started() {
        FutureTask<OrtEnvironment> start = new FutureTask<>(
                () -> OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "varepsilon"));
        new Thread(null, start, "onnxruntime", STACK_BYTES).start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return start.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("ONNX Runtime cannot be started", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public String name() {
        return "ONNX Runtime " + environment.getVersion();
    }

    @Override
    public Session open(Path file, int threads) {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file");
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            // Threads that spin while they wait would take cores from the engine's.
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            return new OrtModel(file, environment.createSession(file.toString(), options));
        } catch (OrtException e) {
            throw new InputException(file + ": ONNX Runtime cannot open it: " + OrtModel.reason(e), e);
        }
    }

    private final class OrtModel implements Session {
        private final Path file;
        private final OrtSession session;
        private final Graph.Port input;
        private final Graph.Port output;

        OrtModel(Path file, OrtSession session) throws OrtException {
            this.file = file;
            this.session = session;
            Set<String> inputs = session.getInputNames();
            if (inputs.size() != 1) {
                throw new InputException(
                        file + ": it takes " + inputs.size() + " inputs, " + inputs + "; expected one, the images");
            }
            String name = inputs.iterator().next();
            this.input = OrtTypes.port(name, session.getInputInfo().get(name));
            List<Graph.Port> outputs = new ArrayList<>();
            for (Map.Entry<String, NodeInfo> entry : session.getOutputInfo().entrySet()) {
                OrtTypes.portOrNone(entry.getKey(), entry.getValue()).ifPresent(outputs::add);
            }
            this.output = Graph.Port.logitsOf(outputs)
                    .orElseThrow(() -> new InputException(file + ": it has no output that is a tensor of numbers"));
        }

        @Override
        public Graph.Port input() {
            return input;
        }

        @Override
        public Graph.Port output() {
            return output;
        }

        @Override
        public Tensor run(Tensor x) {
            ByteBuffer values = direct(x.toRaw());
            try (OnnxTensor given = OnnxTensor.createTensor(environment, values, x.shape(), OrtTypes.of(x.dtype()));
                    OrtSession.Result result = session.run(Map.of(input.name(), given), Set.of(output.name()))) {
                if (!(result.get(0) instanceof OnnxTensor found)) {
                    throw new InputException(file + ": its output " + output + " is no tensor");
                }
                ByteBuffer bytes = found.getByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
                return Tensor.ofRaw(
                        bytes,
                        OrtTypes.of(found.getInfo().type),
                        found.getInfo().getShape());
            } catch (OrtException e) {
                throw new InputException(file + ": ONNX Runtime fails on " + x + ": " + reason(e), e);
            }
        }

        private static ByteBuffer direct(ByteBuffer values) {
            ByteBuffer copy = ByteBuffer.allocateDirect(values.remaining()).order(ByteOrder.nativeOrder());
            return copy.put(values).flip();
        }

        private static String reason(OrtException e) {
            return String.valueOf(e.getMessage()).lines().findFirst().orElse("").replaceAll("\\p{C}+", " ");
        }

        @Override
        public void close() {
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException(file + " cannot be closed", e);
            }
        }
    }
}
