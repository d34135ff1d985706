package varepsilon.tensor;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import varepsilon.base.InputException;

/**
 * The native engine: loads it once, and describes it. Its threads sleep while they wait for one another, unless the
 * environment has one of {@code OMP_WAIT_POLICY}, {@code GOMP_SPINCOUNT} and {@code KMP_BLOCKTIME}; on systems other
 * than Linux, only where it has {@code OMP_WAIT_POLICY=PASSIVE}.
 */
public final class Engine {
    private static final Logger log = LoggerFactory.getLogger(Engine.class);

    /**
     * The result of loading it.
     *
     * @param waiting the setting by which threads wait, {@code NAME=VALUE}, or empty
     * @param hasGpuPart whether this build can compute on GPUs
     */
    private record Loaded(String waiting, boolean hasGpuPart) {}

    private static final Loaded LOADED = load();

    private Engine() {}

    /** Makes sure that the engine is loaded; the first call in a process takes about a second. */
    static void ensureLoaded() {
        // The static initialiser loads it.
    }

    private static Loaded load() {
        // JavaCPP reads these when its first class loads. Lifetimes are ours (Scope): its own collector thread would
        // only add a global lock to every allocation.
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
        System.setProperty("org.bytedeco.javacpp.noPointerGC", "true");
        NativeCache cache = NativeCache.choose();
        System.setProperty(NativeCache.PROPERTY, cache.folder().toString());
        Optional<Path> gpuPart = extract(cache);
        try {
            String waiting = Waiting.choose(System.getenv(), Loader.getPlatform());
            Loader.load(org.bytedeco.openblas.global.openblas_nolapack.class);
            gpuPart.ifPresent(Engine::loadGpuPart);
            Loader.load(torch.class);
            // OpenBLAS has a thread pool of its own beside OpenMP's; two pools on the same cores cost a factor of two.
            openblas_nolapack.blas_set_num_threads(blasThreads());
            if (System.getenv("OMP_NUM_THREADS") == null) {
                // The engine counts the machine's cores; Java counts those that the container may use.
                torch.set_num_threads(
                        Math.min(torch.get_num_threads(), Runtime.getRuntime().availableProcessors()));
            }
            return new Loaded(waiting, gpuPart.isPresent());
        } catch (UnsatisfiedLinkError e) {
            throw new InputException(
                    "the native engine cannot be loaded from " + cache.folder() + ": "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                            + "; where the folder is damaged, delete it, and it is unpacked again",
                    e);
        }
    }

    /**
     * Where a library cannot be linked, JavaCPP continues without an error and loads one of that name from elsewhere in
     * the system; two copies of libtorch in one process crash. Therefore the library that may lack its dependencies is
     * loaded first, and if that fails nothing is loaded.
     */
    private static void loadGpuPart(Path library) {
        ClassProperties properties = Loader.loadProperties(torch.class, Loader.loadProperties(), true);
        for (String name : properties.get("platform.preload")) {
            if (!name.startsWith("torch")) {
                loadIfFound(properties, name);
            }
        }
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError e) {
            throw new InputException(
                    "the engine's GPU part cannot be loaded: " + e.getMessage()
                            + "; it needs the run-time libraries of CUDA 13, cuDNN 9 and NCCL 2 where the system's"
                            + " linker finds them (LD_LIBRARY_PATH); without the Maven profile 'cuda' (with the"
                            + " launcher: VAREPSILON_CUDA=0) the engine computes on the CPU alone",
                    e);
        }
    }

    /** NVIDIA's libraries in the usual folders; the linker looks for the others. */
    private static void loadIfFound(ClassProperties properties, String name) {
        try {
            Loader.loadLibrary(torch.class, Loader.findLibrary(torch.class, properties, name), name);
        } catch (UnsatisfiedLinkError e) {
            log.debug("{} is not in the usual folders", name, e);
        }
    }

    private static int blasThreads() {
        String wanted = System.getenv("OPENBLAS_NUM_THREADS");
        return wanted != null && wanted.matches("[1-9]\\d{0,3}") ? Integer.parseInt(wanted) : 1;
    }

    /**
     * Extracts every native library before the first one is linked. The loader would extract and link them one by one,
     * and the linker would then resolve {@code libtorch_cpu.so} to another libtorch of the system, which crashes.
     *
     * @return the library that computes on GPUs, where this build has it
     */
    private static Optional<Path> extract(NativeCache cache) {
        try {
            String platform = Loader.getPlatform();
            if (isFirstStart(cache.folder(), platform)) {
                cache.passedOver().forEach(log::info);
                log.info("First start: unpacking the native engine into {} …", cache.folder());
            }
            List<Path> openblas = unpack("/org/bytedeco/openblas/" + platform + "/");
            // The GPU build keeps its libraries in a folder of its own.
            List<Path> cpu = unpack("/org/bytedeco/pytorch/" + platform + "/");
            List<Path> gpu = unpack("/org/bytedeco/pytorch/" + platform + "-gpu/");
            if (openblas.isEmpty() || cpu.isEmpty() && gpu.isEmpty()) {
                throw new IllegalStateException("the class path has no native engine for " + platform
                        + "; build with the Maven property native.platform=" + platform);
            }
            return gpu.stream()
                    .map(folder -> folder.resolve(System.mapLibraryName("torch_cuda")))
                    .filter(Files::exists)
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot unpack the native engine into " + cache.folder() + "; is there 600 MB of space?", e);
        }
    }

    private static List<Path> unpack(String folder) throws IOException {
        File[] unpacked = Loader.cacheResources(folder);
        return unpacked == null
                ? List.of()
                : Arrays.stream(unpacked).map(File::toPath).toList();
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
        if (!LOADED.hasGpuPart()) {
            return Optional.of("this build of the engine has no GPU support; build with the Maven profile 'cuda' "
                    + "(with the launcher: VAREPSILON_CUDA=1), or use the device cpu");
        }
        if (!torch.cuda_is_available()) {
            return Optional.of("the engine finds no NVIDIA GPU or driver; see `nvidia-smi`, or use the device cpu");
        }
        int count = torch.cuda_device_count();
        return index < count
                ? Optional.empty()
                : Optional.of("there are " + count + " GPUs, numbered from 0; choose a smaller index");
    }

    private static String yesOrNo(boolean value) {
        return value ? "yes" : "no";
    }

    // The Java classes' version is that of the native library that they were built with: 2.10.0-1.5.13.
    private static String version() {
        try {
            return Loader.getVersion("org.bytedeco", "pytorch");
        } catch (IOException e) {
            return "of unknown version";
        }
    }

    /** A description of the engine, name to value, in the order of display. */
    public static Map<String, String> describe() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("engine", "libtorch " + version());
        facts.put("platform", Loader.getPlatform());
        facts.put("blas", "OpenBLAS, " + openblas_nolapack.blas_get_num_threads() + " thread(s)");
        facts.put("onednn", yesOrNo(Context.hasMKLDNN()));
        try (BytePointer capability = torch.get_cpu_capability()) {
            facts.put("cpu_capability", capability.getString());
        }
        facts.put("threads", Integer.toString(torch.get_num_threads()));
        facts.put("waiting", LOADED.waiting().isEmpty() ? "as OpenMP does" : LOADED.waiting());
        Optional<String> whyNoCuda = whyNoCuda(0);
        facts.put("cuda", whyNoCuda.map(why -> "no: " + why).orElse("yes"));
        if (whyNoCuda.isEmpty()) {
            // NVIDIA's shorter numbers: 10 bits of mantissa in the factors, for several times the speed.
            facts.put(
                    "tf32",
                    "in convolutions " + yesOrNo(torch.globalContext().allowTF32CuDNN()) + ", in matrix products "
                            + yesOrNo(torch.globalContext().allowTF32CuBLAS()));
        }
        try {
            facts.put("native_cache", Loader.getCacheDir().toString());
        } catch (IOException e) {
            facts.put("native_cache", "not usable: " + e.getMessage());
        }
        return facts;
    }
}
