package varepsilon.data;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * The folder of the data sets: the one named explicitly, else the environment variable {@code VAREPSILON_DATA}, else
 * the user's cache ({@code $XDG_CACHE_HOME/varepsilon/data} or {@code ~/.cache/varepsilon/data}; {@code
 * ~/Library/Caches/varepsilon/data} on macOS; {@code %LOCALAPPDATA%\varepsilon\data} on Windows).
 */
public final class DataFolder {
    /** The environment variable that names the data folder. */
    public static final String VARIABLE = "VAREPSILON_DATA";

    private DataFolder() {}

    /**
     * The data folder; it need not exist.
     *
     * @param explicit the folder named explicitly, or null
     */
    public static Path locate(Path explicit) {
        return locate(
                explicit, System.getenv(), System.getProperty("os.name"), Path.of(System.getProperty("user.home")));
    }

    static Path locate(Path explicit, Map<String, String> environment, String system, Path home) {
        if (explicit != null) {
            return explicit;
        }
        String named = environment.getOrDefault(VARIABLE, "");
        if (!named.isBlank()) {
            return Path.of(named);
        }
        return cache(environment, system.toLowerCase(Locale.ROOT), home)
                .resolve("varepsilon")
                .resolve("data");
    }

    private static Path cache(Map<String, String> environment, String system, Path home) {
        if (system.startsWith("windows")) {
            String local = environment.getOrDefault("LOCALAPPDATA", "");
            return local.isBlank() ? home.resolve("AppData").resolve("Local") : Path.of(local);
        }
        if (system.startsWith("mac")) {
            return home.resolve("Library").resolve("Caches");
        }
        // The XDG specification has relative values ignored.
        Path named = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
        return named.isAbsolute() ? named : home.resolve(".cache");
    }
}
