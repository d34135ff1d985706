package varepsilon.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import varepsilon.base.InputException;

class FolderSourceTest {
    @TempDir
    Path folder;

    private Path root;

    @BeforeEach
    void name() {
        root = folder.resolve("pets");
    }

    /** Writes an image of one value of grey. */
    private Path grey(String path, int value, int height, int width) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        int[] values = new int[height * width];
        Arrays.fill(values, value);
        image.getRaster().setPixels(0, 0, width, height, values);
        return write(path, image);
    }

    private Path colour(String path, int rgb) throws IOException {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
        Arrays.stream(new int[] {0, 1, 2}).forEach(x -> image.setRGB(x, 0, rgb));
        Arrays.stream(new int[] {0, 1, 2}).forEach(x -> image.setRGB(x, 1, rgb));
        return write(path, image);
    }

    private Path write(String path, BufferedImage image) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        String format = path.substring(path.lastIndexOf('.') + 1).toLowerCase(java.util.Locale.ROOT);
        assertThat(ImageIO.write(image, format, file.toFile())).isTrue();
        return file;
    }

    private ImageSet load(Split split) throws IOException {
        return Datasets.load("folder:" + root, split, folder.resolve("nowhere"));
    }

    private void expectRefusal(Path culprit, String... parts) {
        assertThatThrownBy(() -> load(Split.TRAIN))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(culprit.toString())
                .hasMessageContainingAll(parts)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void classesAreSubFoldersByNameOneImageOfEachInTurn() throws IOException {
        for (int i = 0; i < 6; i++) {
            grey("dog/" + i + ".png", 100 + i, 2, 3);
        }
        grey("cat/b.bmp", 2, 2, 3);
        grey("cat/a.PNG", 1, 2, 3);
        Files.writeString(root.resolve("cat/notes.txt"), "ours");
        Files.write(root.resolve("cat/.hidden.png"), new byte[3]);
        ImageSet train = load(Split.TRAIN);
        assertThat(train.classNames()).containsExactly("cat", "dog");
        assertThat(new int[] {train.channels(), train.height(), train.width()}).containsExactly(1, 2, 3);
        assertThat(train.labels()).containsExactly(0, 1, 0, 1, 1, 1, 1);
        assertThat(firstBytes(train)).containsExactly(1, 100, 2, 101, 102, 103, 105);
        ImageSet test = load(Split.TEST);
        assertThat(test.labels()).containsExactly(1);
        assertThat(firstBytes(test)).containsExactly(104);
        assertThat(test.classNames()).containsExactly("cat", "dog");
    }

    private static int[] firstBytes(ImageSet set) {
        int[] bytes = new int[set.size()];
        Arrays.setAll(bytes, i -> set.image(i)[0] & 0xff);
        return bytes;
    }

    @Test
    void trainAndTestFoldersAreTheParts() throws IOException {
        grey("train/a/1.png", 1, 2, 3);
        grey("train/b/1.png", 2, 2, 3);
        grey("train/c/1.png", 3, 2, 3);
        grey("test/b/1.png", 4, 2, 3);
        assertThat(load(Split.TRAIN).labels()).containsExactly(0, 1, 2);
        assertThat(load(Split.TEST).labels()).containsExactly(1);
        assertThat(load(Split.TEST).classNames()).containsExactly("a", "b", "c");
        assertThat(DatasetInfo.of("folder:" + root, folder).parts())
                .extracting(DatasetInfo.Part::size)
                .containsExactly(3, 1);
        Path stranger = grey("test/d/1.png", 4, 2, 3).getParent();
        assertThatThrownBy(() -> load(Split.TEST))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(stranger + ": this class is not one of those in " + root.resolve("train"));
    }

    @Test
    void aTestFolderAloneIsATestPart() throws IOException {
        grey("test/a/1.png", 1, 2, 3);
        assertThat(load(Split.TEST).size()).isEqualTo(1);
        expectRefusal(root, "train is missing");
        assertThatThrownBy(() -> Datasets.named("folder:" + root).stored(folder))
                .isInstanceOf(InputException.class);
    }

    @Test
    void aClassMayBeCalledTrain() throws IOException {
        grey("train/1.png", 1, 2, 3);
        grey("ship/1.png", 2, 2, 3);
        assertThat(load(Split.TRAIN).classNames()).containsExactly("ship", "train");
        assertThatThrownBy(() -> load(Split.TEST))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no class has 5 images");
    }

    private List<String> notes() throws IOException {
        return Datasets.named("folder:" + root).notes(folder);
    }

    @Test
    void valIsTheTestPartWhereThereIsNoTest() throws IOException {
        for (String name : new String[] {"val", "valid", "validation"}) {
            root = folder.resolve("with-" + name);
            grey("train/a/1.png", 1, 2, 3);
            grey("train/b/1.png", 2, 2, 3);
            grey(name + "/b/1.png", 3, 2, 3);
            assertThat(load(Split.TRAIN).labels()).containsExactly(0, 1);
            assertThat(load(Split.TEST).labels()).containsExactly(1);
            assertThat(notes()).containsExactly(root.resolve(name) + ": is the test part, because there is no test/");
        }
        grey("test/a/1.png", 4, 2, 3);
        assertThat(load(Split.TEST).labels()).containsExactly(0);
        assertThat(notes()).containsExactly(root + ": left out validation/, because the folder has train/ and test/");
    }

    @Test
    void withoutATestPartItSaysWhatIsMissing() throws IOException {
        grey("train/a/1.png", 1, 2, 3);
        assertThat(load(Split.TRAIN).size()).isEqualTo(1);
        assertThatThrownBy(() -> load(Split.TEST))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(root + ": test or val or valid or validation is missing");
    }

    @Test
    void imagesWithoutSubFoldersHaveNoLabels() throws IOException {
        for (int i = 0; i < 6; i++) {
            grey(i + ".png", 100 + i, 2, 3);
        }
        ImageSet train = load(Split.TRAIN);
        assertThat(train.isLabelled()).isFalse();
        assertThat(firstBytes(train)).containsExactly(100, 101, 102, 103, 105);
        assertThat(firstBytes(load(Split.TEST))).containsExactly(104);
        DatasetInfo info = DatasetInfo.of("folder:" + root, folder);
        assertThat(info.classNames()).isEmpty();
        assertThat(info.parts()).extracting(DatasetInfo.Part::size).containsExactly(5, 1);
        assertThat(notes()).isEmpty();
    }

    @Test
    void tooFewImagesWithoutSubFolders() throws IOException {
        grey("1.png", 1, 2, 3);
        assertThatThrownBy(() -> load(Split.TEST))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(root + ": there are not 5 images");
    }

    @Test
    void partsMayHaveNoLabelsToo() throws IOException {
        grey("train/1.png", 1, 2, 3);
        grey("train/2.png", 2, 2, 3);
        grey("test/1.png", 3, 2, 3);
        assertThat(load(Split.TRAIN).isLabelled()).isFalse();
        assertThat(firstBytes(load(Split.TRAIN))).containsExactly(1, 2);
        assertThat(firstBytes(load(Split.TEST))).containsExactly(3);
        grey("train/a/1.png", 1, 2, 3);
        expectRefusal(root, "one of train/ and test/ has a sub-folder for each class", "the same of both");
    }

    @Test
    void classesThatAreNumbersAreInTheOrderOfNumbers() throws IOException {
        for (int i = 0; i < 12; i++) {
            grey(i + "/1.png", i, 2, 3);
        }
        ImageSet train = load(Split.TRAIN);
        assertThat(train.classNames()).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11");
        assertThat(firstBytes(train)).containsExactly(train.labels());
        assertThat(notes()).hasSize(1).first().asString().contains("0, 1, 2 …", "torchvision's ImageFolder");
        grey("ship/1.png", 9, 2, 3);
        assertThat(load(Split.TRAIN).classNames())
                .startsWith("0", "1", "10", "11", "2")
                .endsWith("9", "ship");
        assertThat(notes()).isEmpty();
    }

    @Test
    void aTestPartMayLackTheClassesThatAreNoNumbers() throws IOException {
        grey("train/2/1.png", 1, 2, 3);
        grey("train/ship/1.png", 1, 2, 3);
        grey("test/2/1.png", 1, 2, 3);
        assertThat(load(Split.TEST).labels()).containsExactly(0);
        grey("train/10/1.png", 1, 2, 3);
        assertThat(load(Split.TEST).labels()).containsExactly(1);
    }

    @Test
    void numbersOfOneLengthAreInOrderAnyway() throws IOException {
        for (String name : new String[] {"00", "01", "10"}) {
            grey(name + "/1.png", 1, 2, 3);
        }
        assertThat(load(Split.TRAIN).classNames()).containsExactly("00", "01", "10");
        assertThat(notes()).isEmpty();
    }

    @Test
    void whatIsNoReadableImageIsCountedAndNamed() throws IOException {
        grey("a/1.png", 1, 2, 3);
        grey("b/1.png", 1, 2, 3);
        for (String other : new String[] {"a/1.webp", "a/2.WEBP", "b/1.heic", "b/labels", "b/Thumbs.db"}) {
            Files.write(root.resolve(other), new byte[10]);
        }
        Path stray = grey("stray.png", 9, 7, 7);
        assertThat(load(Split.TRAIN).size()).isEqualTo(2);
        assertThat(notes())
                .containsExactly(
                        root + ": left out 1 image beside the folders of the classes (stray.png first)",
                        root
                                + ": left out 4 files that cannot be read as images: 1 *.heic, 2 *.webp, 1 without ending ("
                                + Path.of("a", "1.webp") + " first); those that are images, convert to PNG");
        Files.delete(stray);
        Files.delete(root.resolve("b/1.png"));
        expectRefusal(root.resolve("b"), "holds no images", "found 4 files", "1 *.heic", "convert to PNG");
    }

    @Test
    void foldersBesideThoseOfThePartsAreNamed() throws IOException {
        grey("train/a/1.png", 1, 2, 3);
        grey("test/a/1.png", 1, 2, 3);
        grey("extra/a/1.png", 1, 2, 3);
        assertThat(notes()).containsExactly(root + ": left out extra/, because the folder has train/ and test/");
    }

    @Test
    void aFileIsNoFolder() throws IOException {
        Path file = grey("1.png", 1, 2, 3);
        root = file;
        expectRefusal(file, "is a file", "expected a folder");
    }

    @Test
    void readsTiffAndPnm() throws IOException {
        Files.createDirectories(root.resolve("a"));
        for (String name : new String[] {"rgb.tif", "rgb.ppm", "grey.pgm", "bilevel.pbm", "rgb.jpg"}) {
            try (var in = FolderSourceTest.class.getResourceAsStream(name)) {
                Files.copy(in, root.resolve("a").resolve(name));
            }
        }
        assertThat(load(Split.TRAIN).size()).isEqualTo(4);
        assertThat(load(Split.TEST).size()).isEqualTo(1);
        assertThat(notes()).isEmpty();
    }

    @Test
    void oneColourImageMakesAllColour() throws IOException {
        grey("a/1.png", 7, 2, 3);
        colour("a/2.png", 0x102030);
        ImageSet set = load(Split.TRAIN);
        assertThat(set.channels()).isEqualTo(3);
        assertThat(set.image(0)).containsOnly(7);
        assertThat(set.image(1))
                .containsExactly(16, 16, 16, 16, 16, 16, 32, 32, 32, 32, 32, 32, 48, 48, 48, 48, 48, 48);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_BYTE_GRAY,
                BufferedImage.TYPE_USHORT_GRAY,
                BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_INT_ARGB
            })
    void everyValueSurvivesPng(int type) throws IOException {
        BufferedImage image = new BufferedImage(256, 1, type);
        boolean wide = type == BufferedImage.TYPE_USHORT_GRAY;
        for (int x = 0; x < 256; x++) {
            if (type == BufferedImage.TYPE_BYTE_GRAY || wide) {
                image.getRaster().setSample(x, 0, 0, wide ? x << 8 : x);
            } else {
                image.setRGB(x, 0, 0xff000000 | x * 0x010101);
            }
        }
        write("a/all.png", image);
        ImageSet set = load(Split.TRAIN);
        byte[] row = Arrays.copyOf(set.image(0), 256);
        for (int x = 0; x < 256; x++) {
            assertThat(row[x] & 0xff).isEqualTo(x);
        }
        assertThat(set.channels()).isEqualTo(type == BufferedImage.TYPE_BYTE_GRAY || wide ? 1 : 3);
    }

    @Test
    void palettesOfGreyAreGrey() throws IOException {
        BufferedImage bilevel = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
        bilevel.setRGB(1, 0, 0xffffff);
        write("a/1.png", bilevel);
        write("a/2.gif", bilevel);
        ImageSet set = load(Split.TRAIN);
        assertThat(set.channels()).isEqualTo(1);
        assertThat(set.image(0)).containsExactly(0, -1);
        assertThat(set.image(1)).containsExactly(0, -1);
    }

    @Test
    void readsJpeg() throws IOException {
        colour("a/1.jpg", 0x808080);
        grey("a/2.jpeg", 200, 2, 3);
        ImageSet set = load(Split.TRAIN);
        assertThat(set.channels()).isEqualTo(3);
        assertThat(set.image(0)).containsOnly(128);
        assertThat(set.image(1)).containsOnly(200);
    }

    @Test
    void refusesImagesOfDifferentSizes() throws IOException {
        grey("a/1.png", 1, 2, 3);
        grey("a/2.png", 1, 2, 3);
        grey("b/1.png", 1, 3, 2);
        Path other = grey("b/2.png", 1, 9, 9);
        expectRefusal(
                other,
                "9×9 pixels in a folder of images of several sizes",
                "2 of 2×3 pixels (" + Path.of("a", "1.png") + ")",
                "1 of 3×2 pixels (" + Path.of("b", "1.png") + ")",
                "1 of 9×9 pixels (" + Path.of("b", "2.png") + ")",
                "folder:resize=64x64:PATH");
    }

    @Test
    void partsMustBeOfOneSizeToo() throws IOException {
        grey("train/a/1.png", 1, 2, 3);
        Path other = grey("test/a/1.png", 1, 2, 2);
        expectRefusal(other, "1 of 2×2 pixels", "1 of 2×3 pixels");
    }

    @Test
    void imagesOfSeveralSizesAreFitted() throws IOException {
        grey("train/a/1.png", 100, 2, 3);
        grey("train/b/1.png", 100, 5, 9);
        grey("test/a/1.png", 100, 4, 4);
        ImageSet resized = Datasets.load("folder:resize=3x4:" + root, Split.TRAIN, folder);
        assertThat(resized.name()).startsWith("folder:resize=3x4:" + root);
        assertThat(resized.size()).isEqualTo(2);
        assertThat(resized.shape()).isEqualTo(new ImageShape(1, 3, 4));
        ImageSet cropped = Datasets.load("folder:crop=2x3:" + root, Split.TRAIN, folder);
        assertThat(cropped.image(0)).isEqualTo(Arrays.copyOf(file("train/a/1.png"), 6));
        assertThatThrownBy(() -> Datasets.load("folder:crop=4x4:" + root, Split.TEST, folder))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("too small to be cropped to 4×4", "1 of 2×3 pixels", "resize them");
    }

    private Path labels(String... lines) throws IOException {
        return Files.writeString(folder.resolve("labels.csv"), String.join("\n", lines));
    }

    private ImageSet labelled(Split split) throws IOException {
        return Datasets.load("folder:" + root + "," + folder.resolve("labels.csv"), split, folder);
    }

    @Test
    void labelsOfACsvFile() throws IOException {
        for (int i = 0; i < 6; i++) {
            grey("deep/" + i + ".png", 100 + i, 2, 3);
        }
        grey("7.png", 107, 2, 3);
        grey("8.png", 108, 2, 3);
        // A byte order mark, a header, quotation marks, carriage returns, an empty line, no ending.
        labels(
                "\uFEFFid,breed\r",
                "deep/5.png,dog\r",
                "\"deep/0.png\",\"a \"\"big\"\", old dog\"\r",
                "\r",
                "deep/1.png, dog",
                "./deep/2.png,dog",
                "deep/../deep/3,dog",
                "deep/4.png,dog",
                "7.png,cat",
                "");
        ImageSet train = labelled(Split.TRAIN);
        assertThat(train.classNames()).containsExactly("a \"big\", old dog", "cat", "dog");
        assertThat(train.labels()).containsExactly(0, 1, 2, 2, 2, 2);
        assertThat(firstBytes(train)).containsExactly(100, 107, 101, 102, 103, 104);
        assertThat(firstBytes(labelled(Split.TEST))).containsExactly(105);
        DataSource source = Datasets.named("folder:" + root + "," + folder.resolve("labels.csv"));
        assertThat(source.notes(folder))
                .containsExactly(root + ": left out 1 image without a label in " + folder.resolve("labels.csv")
                        + " (8.png first)");
        assertThat(Datasets.named(source.name()).name()).isEqualTo(source.name());
        String fitted = source.name().replace("folder:", "folder:resize=4:crop=2x2:");
        assertThat(Datasets.load(fitted, Split.TRAIN, folder).shape()).isEqualTo(new ImageShape(1, 2, 2));
    }

    @Test
    void labelsThatAreNumbersAreThoseNumbersAndFoldersMayBeParts() throws IOException {
        grey("train/1.png", 1, 2, 3);
        grey("train/2.png", 2, 2, 3);
        grey("test/1.png", 3, 2, 3);
        labels("train/1.png,10", "train/2.png,0", "test/1.png,2");
        ImageSet train = labelled(Split.TRAIN);
        assertThat(train.classNames()).hasSize(11).startsWith("0", "1", "2");
        assertThat(train.labels()).containsExactly(0, 10);
        assertThat(firstBytes(train)).containsExactly(2, 1);
        assertThat(labelled(Split.TEST).labels()).containsExactly(2);
        labels("train/1.png,b", "train/2.png,a", "test/1.png,c");
        assertThatThrownBy(() -> labelled(Split.TEST))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll("labels.csv: c: this class is not one of those in", "a, b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "../secret.png,1; line 2 has '../secret.png', which is not inside",
                "a/../../secret.png,1; which is not inside",
                "/etc/passwd,1; which is not inside",
                "..,1; which is not inside",
                "b.png,1; line 2 has 'b.png', which is not in",
                "a.png,0; 'a.png' once more",
                "a.png; line 2 has 1 values",
                "a.png,0,1; 3 values",
                "c.png,; no label of 'c.png'",
                "'\"c.png,0'; a quotation mark in line 2 is not closed",
                "c.png,ESC[31m; control characters in the label",
                "xNULy,1; which is no file name"
            })
    void linesOfLabelsThatDoNotFitAreRefused(String line, String why) throws IOException {
        grey("a.png", 1, 2, 3);
        grey("c.png", 1, 2, 3);
        grey("../secret.png", 1, 2, 3);
        labels("a.png,0", line.replace("ESC", "\u001b").replace("NUL", "\u0000"));
        assertThatThrownBy(() -> labelled(Split.TRAIN))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(folder.resolve("labels.csv") + ": ")
                .hasMessageContaining(why)
                .message()
                .doesNotContain("\u001b", "\u0000");
    }

    @Test
    void whatIsNoFileOfLabelsIsRefused() throws IOException {
        grey("a.png", 1, 2, 3);
        assertThatThrownBy(() -> labelled(Split.TRAIN)).hasMessageContaining("labels.csv: no such file");
        labels("file,label");
        assertThatThrownBy(() -> labelled(Split.TRAIN)).hasMessageContaining("names no images");
        // A wrong name of an image is no header.
        labels("b.png,1", "a.png,1");
        assertThatThrownBy(() -> labelled(Split.TRAIN)).hasMessageContaining("line 1 has 'b.png'");
        Files.write(folder.resolve("labels.csv"), new byte[] {'a', (byte) 0xff, ',', '1'});
        assertThatThrownBy(() -> labelled(Split.TRAIN))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is not UTF-8");
    }

    /** The levels of a grey PNG file, read by Java alone. */
    private byte[] file(String path) throws IOException {
        BufferedImage image = ImageIO.read(root.resolve(path).toFile());
        byte[] levels = new byte[image.getWidth() * image.getHeight()];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = (byte) image.getRaster().getSample(i % image.getWidth(), i / image.getWidth(), 0);
        }
        return levels;
    }

    @Test
    void refusesWhatIsNoFolderOfFolders() throws IOException {
        expectRefusal(root, "there is no such folder");
        Files.createDirectories(root);
        expectRefusal(root, "has no sub-folders and no images", "one for each class");
        Path empty = Files.createDirectories(root.resolve("empty"));
        grey("full/1.png", 1, 2, 2);
        expectRefusal(empty, "holds no images", "*.png");
        Files.delete(empty);
        Path deep = grey("full/deeper/2.png", 1, 2, 2).getParent();
        expectRefusal(deep, "a folder among images");
    }

    @Test
    void refusesWhatIsNoImage() throws IOException {
        grey("a/1.png", 1, 2, 3);
        Path bad = root.resolve("a/2.png");
        Files.write(bad, new byte[0]);
        expectRefusal(bad, "is not a PNG, JPEG, BMP, GIF, TIFF or PNM image");
        Files.writeString(bad, "no image\n", StandardCharsets.US_ASCII);
        expectRefusal(bad, "is not a PNG, JPEG, BMP, GIF, TIFF or PNM image");
        byte[] tiff = {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        Files.write(bad, tiff);
        expectRefusal(bad, "cannot be read as an image");
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "gif", "jpg"})
    void damagedImagesAreRefusedOrDecoded(String format) throws IOException {
        grey("a/1.png", 1, 12, 16);
        BufferedImage noise = new BufferedImage(16, 12, BufferedImage.TYPE_3BYTE_BGR);
        Random random = new Random(1);
        for (int i = 0; i < 192; i++) {
            noise.setRGB(i % 16, i / 16, random.nextInt(1 << 24));
        }
        Path file = write("a/2." + format, noise);
        byte[] whole = Files.readAllBytes(file);
        int refused = 0;
        for (int trial = 0; trial < 120; trial++) {
            byte[] damaged = trial % 2 == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            if (trial % 2 == 1) {
                damaged[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, damaged);
            try {
                assertThat(load(Split.TRAIN).size()).isEqualTo(2);
            } catch (InputException e) {
                assertThat(e).hasMessageStartingWith(file.toString()).message().doesNotContain("\n");
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(15);
    }

    @Test
    void aBombIsRefusedByItsHeader() throws IOException {
        Files.createDirectories(root.resolve("a"));
        Path bomb = root.resolve("a/bomb.png");
        ByteBuffer png = ByteBuffer.allocate(8 + 12 + 13 + 12);
        png.putLong(0x89504e470d0a1a0aL);
        chunk(
                png,
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(60_000)
                        .putInt(50_000)
                        .put(new byte[] {8, 2, 0, 0, 0})
                        .array());
        chunk(png, "IDAT", new byte[0]);
        Files.write(bomb, png.array());
        expectRefusal(bomb, "50000×60000 pixels; expected at most 16777216");
    }

    private static void chunk(ByteBuffer png, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        png.putInt(data.length).put(name).put(data).putInt((int) crc.getValue());
    }

    @Test
    void theNameIsThePathWhereverOneStands() {
        assertThat(Datasets.named("folder:some/where").name())
                .isEqualTo("folder:" + Path.of("some/where").toAbsolutePath());
        for (String none : new String[] {"folder:", "folder: ", "folder:a\0b"}) {
            assertThatThrownBy(() -> Datasets.named(none))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("folder:PATH");
        }
    }
}
