package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DataFolderTest {
    private static final Path HOME = Path.of("/home/ada");

    private static Path locate(String system, Map<String, String> environment) {
        return DataFolder.locate(null, environment, system, HOME);
    }

    @Test
    void aNamedFolderComesFirst() {
        Map<String, String> environment = Map.of("VAREPSILON_DATA", "/set");
        assertThat(DataFolder.locate(Path.of("mine"), environment, "Linux", HOME))
                .isEqualTo(Path.of("mine"));
        assertThat(locate("Linux", environment)).isEqualTo(Path.of("/set"));
        assertThat(locate("Linux", Map.of("VAREPSILON_DATA", " ")))
                .isEqualTo(Path.of("/home/ada/.cache/varepsilon/data"));
    }

    @Test
    void otherwiseTheCacheOfTheSystem() {
        assertThat(locate("Linux", Map.of())).isEqualTo(Path.of("/home/ada/.cache/varepsilon/data"));
        assertThat(locate("Linux", Map.of("XDG_CACHE_HOME", "/x"))).isEqualTo(Path.of("/x/varepsilon/data"));
        assertThat(locate("Linux", Map.of("XDG_CACHE_HOME", "relative")))
                .isEqualTo(Path.of("/home/ada/.cache/varepsilon/data"));
        assertThat(locate("Mac OS X", Map.of())).isEqualTo(Path.of("/home/ada/Library/Caches/varepsilon/data"));
        assertThat(locate("Windows 11", Map.of("LOCALAPPDATA", "/local"))).isEqualTo(Path.of("/local/varepsilon/data"));
        assertThat(locate("Windows 11", Map.of())).isEqualTo(Path.of("/home/ada/AppData/Local/varepsilon/data"));
    }
}
