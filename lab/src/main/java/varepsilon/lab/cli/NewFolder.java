package varepsilon.lab.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** Default names for folders. */
final class NewFolder {
    private NewFolder() {}

    /**
     * {@code name}, or {@code name-2}, {@code name-3} …: the first that is not there. Characters unsuitable for folder
     * names, such as the slashes of {@code folder:PATH}, become dashes.
     */
    static Path in(Path parent, String wanted) {
        String name = wanted.replaceAll("[^\\p{Alnum}._-]+", "-");
        Path folder = parent.resolve(name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = parent.resolve(name + "-" + i);
        }
        return folder;
    }
}
