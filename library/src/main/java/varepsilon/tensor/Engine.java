package varepsilon.tensor;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native engine: loads it once, safely, and says what it is. Its threads sleep while they wait for one another, unless
 * the environment has one of {@code OMP_WAIT_POLICY}, {@code GOMP_SPINCOUNT} and {@code KMP_BLOCKTIME}; on systems other
 * than Linux, only where it has {@code OMP_WAIT_POLICY=PASSIVE}.
 */
public final class Engine {
    private static final Logger log = LoggerFactory.getLogger(Engine.class);

    /** The setting by which threads wait, {@code NAME=VALUE}, or empty. */
    private static final String WAITING = load();

    private Engine() {}

    /** Makes sure that the engine is loaded; the first call in a process takes about a second. */
    static void ensureLoaded() {
        // The static initialiser did it.
    }

    private static String load() {
        // JavaCPP reads these when its first class loads. Lifetimes are ours (Scope): its own collector thread would
        // only add a global lock to every allocation.
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
        System.setProperty("org.bytedeco.javacpp.noPointerGC", "true");
        NativeCache cache = NativeCache.choose();
        System.setProperty(NativeCache.PROPERTY, cache.folder().toString());
        extract(cache);
        try {
            String waiting = Waiting.choose(System.getenv(), Loader.getPlatform());
            Loader.load(torch.class);
            Loader.load(org.bytedeco.openblas.global.openblas_nolapack.class);
            // OpenBLAS has a thread pool of its own beside OpenMP's; two pools on the same cores cost a factor of two.
            openblas_nolapack.blas_set_num_threads(blasThreads());
            if (System.getenv("OMP_NUM_THREADS") == null) {
                // The engine counts the machine's cores; Java knows how many of them a container may use.
                torch.set_num_threads(
                        Math.min(torch.get_num_threads(), Runtime.getRuntime().availableProcessors()));
            }
            return waiting;
        } catch (UnsatisfiedLinkError e) {
            throw new InputException(
                    "the native engine cannot be loaded from " + cache.folder() + ": "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                            + "; where the folder is damaged, delete it, and it is made anew",
                    e);
        }
    }

    private static int blasThreads() {
        String wanted = System.getenv("OPENBLAS_NUM_THREADS");
        return wanted != null && wanted.matches("[1-9]\\d{0,3}") ? Integer.parseInt(wanted) : 1;
    }

    /**
     * Extracts every native library before the first one is linked. The loader would extract and link them one by one,
     * and the linker would then resolve {@code libtorch_cpu.so} to another libtorch of the system, which crashes.
     */
    private static void extract(NativeCache cache) {
        try {
            String platform = Loader.getPlatform();
            if (isFirstStart(cache.folder(), platform)) {
                cache.passedOver().forEach(log::info);
                log.info("First start: unpacking the native engine into {} …", cache.folder());
            }
            int openblas = unpack("/org/bytedeco/openblas/" + platform + "/");
            // The GPU build keeps its libraries in a folder of its own.
            int pytorch = unpack("/org/bytedeco/pytorch/" + platform + "/")
                    + unpack("/org/bytedeco/pytorch/" + platform + "-gpu/");
            if (openblas == 0 || pytorch == 0) {
                throw new IllegalStateException("the class path has no native engine for " + platform
                        + "; build with the Maven property native.platform=" + platform);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot unpack the native engine into " + cache.folder() + "; is there 600 MB of space?", e);
        }
    }

    private static int unpack(String folder) throws IOException {
        File[] files = Loader.cacheResources(folder);
        return files == null ? 0 : files.length;
    }

    private static boolean isFirstStart(Path cache, String platform) throws IOException {
        try (var folders = Files.newDirectoryStream(cache, "pytorch-*-" + platform + "*.jar")) {
            return !folders.iterator().hasNext();
        }
    }

    /** Threads that one operation may use. */
    public static int threads() {
        return torch.get_num_threads();
    }

    /**
     * Sets the threads that one operation may use. Results are bit-equal only between runs with the same number.
     *
     * @throws IllegalArgumentException where {@code threads} is less than 1
     */
    public static void setThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads " + threads + ": expected at least 1");
        }
        torch.set_num_threads(threads);
    }

    /** Why the GPU of that index cannot be used; empty where it can. */
    static Optional<String> whyNoCuda(int index) {
        if (!Context.hasCUDA() && !torch.hasCUDA()) {
            return Optional.of("this build of the engine has no GPU support; build with the Maven profile 'cuda' "
                    + "(VAREPSILON_CUDA=1 ./varepsilon …), or use --device cpu");
        }
        if (!torch.cuda_is_available()) {
            return Optional.of("the engine finds no NVIDIA GPU or driver; see `nvidia-smi`, or use --device cpu");
        }
        int count = torch.cuda_device_count();
        return index < count
                ? Optional.empty()
                : Optional.of("there are " + count + " GPUs, numbered from 0; choose a smaller index");
    }

    // The Java classes' version is that of the native library that they were built with: 2.10.0-1.5.13.
    private static String version() {
        try {
            return Loader.getVersion("org.bytedeco", "pytorch");
        } catch (IOException e) {
            return "of unknown version";
        }
    }

    /** What the engine is: name to value, in the order in which a person would read it. */
    public static Map<String, String> describe() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("engine", "libtorch " + version());
        facts.put("platform", Loader.getPlatform());
        facts.put("blas", "OpenBLAS, " + openblas_nolapack.blas_get_num_threads() + " thread(s)");
        facts.put("onednn", Context.hasMKLDNN() ? "yes" : "no");
        try (BytePointer capability = torch.get_cpu_capability()) {
            facts.put("cpu_capability", capability.getString());
        }
        facts.put("threads", Integer.toString(torch.get_num_threads()));
        facts.put("waiting", WAITING.isEmpty() ? "as OpenMP does" : WAITING);
        facts.put("cuda", whyNoCuda(0).map(why -> "no: " + why).orElse("yes"));
        try {
            facts.put("native_cache", Loader.getCacheDir().toString());
        } catch (IOException e) {
            facts.put("native_cache", "not usable: " + e.getMessage());
        }
        return facts;
    }
}
