package varepsilon.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Sets how the engine's threads wait for one another. In GNU's OpenMP, which the engine uses on Linux, a waiting thread
 * spins for some milliseconds before it sleeps. On a busy machine it then occupies a core that the working thread
 * needs, and a step takes several times as long.
 */
final class Waiting {
    /** If one of these is set, it is not overridden. LLVM's OpenMP, which the engine uses on macOS, has its own. */
    private static final List<String> SETTINGS = List.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME");

    private static final String DEFAULT = "OMP_WAIT_POLICY=PASSIVE";

    // The memory that the process's environment points to must not be freed.
    private static final List<Pointer> KEPT = new ArrayList<>();

    private Waiting() {}

    /**
     * Makes threads sleep while they wait, unless the environment sets how they wait. OpenMP reads the environment
     * when it is loaded, so this comes before.
     *
     * @return the setting that holds, {@code NAME=VALUE}; empty where nothing was set nor could be
     */
    static String choose(Map<String, String> environment, String platform) {
        for (String setting : SETTINGS) {
            if (environment.containsKey(setting)) {
                return setting + "=" + environment.get(setting);
            }
        }
        return platform.startsWith("linux-") && add(DEFAULT) ? DEFAULT : "";
    }

    /**
     * Adds to this process's environment, in the way that POSIX gives to programs: by pointing {@code environ} to
     * another array (The Open Group Base Specifications, chapter 8.1). Java's own view of the environment, and that of
     * processes which it starts, stay as they were.
     *
     * @return false where the C library does not show its {@code environ}
     */
    private static boolean add(String definition) {
        Loader.load(Pointer.class);
        Pointer environ = Loader.addressof("environ");
        if (environ == null) {
            return false;
        }
        PointerPointer<Pointer> variable = new PointerPointer<>(environ);
        PointerPointer<Pointer> present = new PointerPointer<>(variable.get());
        long count = 0;
        while (!present.isNull() && present.get(count) != null) {
            count++;
        }
        BytePointer added = new BytePointer(definition);
        PointerPointer<Pointer> all = new PointerPointer<>(count + 2);
        for (long i = 0; i < count; i++) {
            all.put(i, present.get(i));
        }
        all.put(count, added);
        all.put(count + 1, (Pointer) null);
        for (Pointer pointer : List.of(added, all)) {
            KEPT.add(pointer.retainReference());
        }
        variable.put(0, all);
        return true;
    }
}
