package varepsilon.data;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import varepsilon.base.InputException;

/**
 * Labels of the images in a folder by a CSV file (RFC 4180, UTF-8): in each line the name of a file, as a path from the
 * folder, and its label. The ending of the name may be left out. The first line may be a header.
 *
 * @param file the CSV file
 * @param root the folder of the images
 */
record LabelFile(Path file, Path root) {
    private static final long MAX_BYTES = 1 << 28;
    private static final int SHOWN_LENGTH = 80;

    /** A line of the file, by its number from 1, as its values. */
    private record Line(int number, List<String> values) {}

    /**
     * The labels by image, in the order of the file.
     *
     * @throws InputException naming the line where a file is named that is not there, lies outside the folder, or comes
     *     twice; where a label is missing; and where the file is not such a CSV
     */
    Map<Path, String> read() throws IOException {
        Map<Path, String> labels = new LinkedHashMap<>();
        boolean first = true;
        for (Line line : lines()) {
            boolean mayBeHeader = first;
            first = false;
            if (line.values.size() != 2) {
                throw refused(line, line.values.size() + " values");
            }
            String name = line.values.get(0).strip();
            String label = line.values.get(1).strip();
            Path image = image(line, name);
            if (image == null) {
                if (mayBeHeader && !FolderLayout.isImageName(name)) {
                    continue; // a header
                }
                throw refused(line, "'" + shown(name) + "', which is not in " + root);
            }
            if (label.isEmpty()) {
                throw refused(line, "no label of '" + shown(name) + "'");
            }
            if (label.codePoints().anyMatch(Character::isISOControl)) {
                throw refused(line, "control characters in the label '" + shown(label) + "'");
            }
            if (labels.put(image, label) != null) {
                throw refused(line, "'" + shown(name) + "' once more");
            }
        }
        if (labels.isEmpty()) {
            throw new InputException(file + ": names no images; expected lines of a file name and a label");
        }
        return labels;
    }

    /** The file of that name in the folder; null where there is none. */
    private Path image(Line line, String name) {
        try {
            Path path = root.resolve(name).normalize();
            if (!path.startsWith(root) || path.equals(root)) {
                throw refused(line, "'" + shown(name) + "', which is not inside " + root);
            }
            return Stream.concat(
                            Stream.of(""),
                            FolderLayout.ENDINGS.stream().sorted().map(ending -> "." + ending))
                    .map(ending -> path.resolveSibling(path.getFileName() + ending))
                    .filter(Files::isRegularFile)
                    .findFirst()
                    .orElse(null);
        } catch (InvalidPathException e) {
            throw refused(line, "'" + shown(name) + "', which is no file name");
        }
    }

    private List<Line> lines() throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InputException(file + ": no such file; expected a CSV of file names and labels");
        }
        if (Files.size(file) > MAX_BYTES) {
            throw new InputException(file + ": " + Files.size(file) + " bytes; expected at most " + MAX_BYTES);
        }
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": is not UTF-8; expected a CSV of file names and labels", e);
        }
        return parse(text.startsWith("\uFEFF") ? text.substring(1) : text);
    }

    private List<Line> parse(String text) {
        List<Line> lines = new ArrayList<>();
        List<String> values = new ArrayList<>();
        StringBuilder value = new StringBuilder();
        boolean quoted = false;
        int number = 1;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '\n';
            if (quoted && i == text.length()) {
                throw new InputException(file + ": a quotation mark in line " + number + " is not closed");
            }
            if (c == '"') {
                // Two in a quoted value stand for one.
                boolean escaped = quoted && i + 1 < text.length() && text.charAt(i + 1) == '"';
                if (escaped) {
                    value.append(c);
                    i++;
                } else {
                    quoted = !quoted;
                }
            } else if (!quoted && (c == ',' || c == '\n')) {
                values.add(value.toString());
                value.setLength(0);
                if (c == '\n') {
                    boolean blank = values.size() == 1 && values.get(0).isBlank();
                    if (!blank) {
                        lines.add(new Line(number, values));
                    }
                    values = new ArrayList<>();
                    number++;
                }
            } else {
                value.append(c);
            }
        }
        return lines;
    }

    private InputException refused(Line line, String found) {
        return new InputException(file + ": line " + line.number + " has " + found
                + "; expected the name of an image in the folder and its" + " label, separated by a comma");
    }

    private static String shown(String text) {
        String start = text.length() > SHOWN_LENGTH ? text.substring(0, SHOWN_LENGTH) + "…" : text;
        return start.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " ");
    }
}
