package varepsilon.tensor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import varepsilon.base.InputException;

/**
 * The device on which a tensor is stored and computed.
 *
 * @param kind CPU or CUDA
 * @param index which GPU; 0 on the CPU
 */
public record Device(Kind kind, int index) {
    private static final Pattern NAME = Pattern.compile("cpu|cuda(?::(\\d{1,2}))?");

    /** The kinds of device that the engine computes on. */
    public enum Kind {
        CPU,
        CUDA
    }

    /** The processor. */
    public static final Device CPU = new Device(Kind.CPU, 0);

    /** Rejects a negative index. */
    public Device {
        if (index < 0) {
            throw new IllegalArgumentException("device index " + index + " is negative");
        }
    }

    /**
     * A device by name: {@code auto} (the first GPU where the engine finds one, else the CPU), {@code cpu},
     * {@code cuda} or {@code cuda:1}.
     *
     * @throws InputException where the name is unknown, or no such GPU can be used; the message says why
     */
    public static Device parse(String name) {
        if (name.equals("auto")) {
            return Engine.whyNoCuda(0).isEmpty() ? new Device(Kind.CUDA, 0) : CPU;
        }
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw new InputException("device " + name + ": expected auto, cpu, cuda or cuda:INDEX");
        }
        if (name.equals("cpu")) {
            return CPU;
        }
        int index = matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1));
        Engine.whyNoCuda(index).ifPresent(why -> {
            throw new InputException("device " + name + ": " + why);
        });
        return new Device(Kind.CUDA, index);
    }

    org.bytedeco.pytorch.Device nativeDevice() {
        return new org.bytedeco.pytorch.Device(kind == Kind.CPU ? "cpu" : "cuda:" + index);
    }

    @Override
    public String toString() {
        return kind == Kind.CPU ? "cpu" : "cuda:" + index;
    }
}
