package varepsilon.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import varepsilon.ScopedTest;
import varepsilon.base.InputException;

class HostileStateDictTest extends ScopedTest {
    private static final byte[] SIX_FLOATS = new byte[24];
    private static final long[] TWO_BY_THREE = {2, 3};
    private static final long[] ROW_MAJOR = {3, 1};

    @TempDir
    Path folder;

    private Path archive(int method, Map<String, byte[]> entries) throws IOException {
        Path path = folder.resolve("hostile.pt");
        try (OutputStream out = Files.newOutputStream(path);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> content : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(content.getKey());
                entry.setMethod(method);
                CRC32 checksum = new CRC32();
                checksum.update(content.getValue());
                entry.setCrc(checksum.getValue());
                entry.setSize(content.getValue().length);
                zip.putNextEntry(entry);
                zip.write(content.getValue());
            }
        }
        return path;
    }

    private static Map<String, byte[]> entries(byte[] pickle) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("archive/data.pkl", pickle);
        entries.put("archive/data/0", SIX_FLOATS);
        return entries;
    }

    /** An archive whose pickle is what {@code write} adds to an empty one, then STOP. */
    private Path pickle(UnaryOperator<PickleBytes> write) throws IOException {
        return archive(ZipEntry.STORED, entries(write.apply(new PickleBytes()).done()));
    }

    /** A dict {'w': tensor}. */
    private Path dictWith(UnaryOperator<PickleBytes> value) throws IOException {
        return pickle(bytes -> value.apply(bytes.op('}').string("w")).op('s'));
    }

    private static void assertRefused(Path path, String message) {
        assertThatThrownBy(() -> Weights.read(path))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(path + ": ")
                .hasMessageContaining(message)
                .message()
                .doesNotContain("\n")
                .hasSizeLessThan(path.toString().length() + 400);
    }

    @Test
    void theHelpersMakeFilesThatAreReadWhereNothingIsWrong() throws IOException {
        Path path = dictWith(bytes -> bytes.tensor(6, 0, TWO_BY_THREE, ROW_MAJOR));
        assertThat(Weights.read(path).get("w").shape()).containsExactly(2, 3);
        byte[] pickle = new PickleBytes()
                .op('}')
                .string("w")
                .tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                .op('s')
                .done();
        assertThat(Weights.read(archive(ZipEntry.DEFLATED, entries(pickle)))
                        .get("w")
                        .count())
                .isEqualTo(6);
    }

    @Test
    void noPythonNameButThoseOfStateDicts() throws IOException {
        Path target = folder.resolve("pwned");
        assertRefused(
                pickle(bytes -> bytes.global("posix", "system")
                        .op('(')
                        .string("touch " + target)
                        .op('t', 'R')),
                "'posix.system', which is not part of a state dict; nothing of it was run");
        assertThat(target).doesNotExist();
        assertRefused(pickle(bytes -> bytes.global("builtins", "eval")), "'builtins.eval'");
        assertRefused(pickle(bytes -> bytes.global("torch", "ComplexFloatStorage")), "'torch.ComplexFloatStorage'");
        assertRefused(pickle(bytes -> bytes.global("torch\u001b[2J", "x".repeat(5000))), "'torch [2J.xxx");
    }

    /** As pickle writes an argparse.Namespace, a call, a list and a dict of some class, each with something inside. */
    @Test
    void objectsBesideAStateDictAreLeftOutAndNothingOfThemIsRun() throws IOException {
        Path target = folder.resolve("pwned");
        Path path = pickle(bytes -> bytes.op('}', '(')
                .string("args")
                .global("argparse", "Namespace")
                .op(')', 0x81, '}')
                .string("lr")
                .op('K', 1, 's', 'b')
                .string("call")
                .global("posix", "system")
                .op('(')
                .string("touch " + target)
                .op('t', 'R')
                .string("list")
                .global("some", "List")
                .op(')', 'R', 'K', 1, 'a', '(', 'K', 2, 'e')
                .string("dict")
                .global("some", "Dict")
                .op(')', 'R', 'K', 1, 'N', 's', '(', 'K', 1, 'N', 'u')
                .string("missing")
                .global("collections", "defaultdict")
                .global("builtins", "list")
                .op(0x85, 'R')
                .string("a")
                .op('K', 1, 's')
                .string("function")
                .global("builtins", "eval")
                .string("complex")
                .global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage("ComplexFloatStorage", "0", 3)
                .integer(0)
                .tuple(3)
                .tuple(1)
                .op(0x89, 'N', 't', 'R')
                .string("net")
                .op('}')
                .string("w")
                .tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                .op('s', 'u'));
        assertThat(Weights.read(path).names()).containsExactly("w");
        assertThat(target).doesNotExist();
    }

    @Test
    void anObjectInAStateDictIsNamed() throws IOException {
        Path path = dictWith(bytes -> bytes.tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                .op('s')
                .string("conv.weight")
                .global("numpy", "ndarray")
                .op(')', 'R'));
        assertRefused(path, "'conv.weight' is the Python object 'numpy.ndarray'");
        assertThatThrownBy(() -> ModelWeights.read(path, List.of(shapes -> shapes.containsKey("w"))))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(
                        "'conv.weight' in the state dict is the Python object", "nothing of it was run");
        assertRefused(
                dictWith(bytes -> bytes.global("some", "Net").op(')', 0x81)), "'w' is the Python object 'some.Net'");
    }

    @Test
    void noMoreDictsThanFilesHave() throws IOException {
        Path path = pickle(bytes -> {
            bytes.op('}')
                    .string("w")
                    .tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                    .op('s')
                    .string("list")
                    .op(']', '(');
            for (int i = 0; i < 150_000; i++) {
                bytes.op('}');
            }
            return bytes.op('e', 's');
        });
        assertRefused(path, "more than 100000 dicts and lists");
    }

    @Test
    void noInstructionButThoseOfStateDicts() throws IOException {
        for (int instruction : new int[] {'i', 'o', 'P', 'I', 'S', 'V', 'F', 'd', 'l', 0x82, 0x93, 0x95, 0}) {
            assertRefused(
                    pickle(bytes -> bytes.op('}', instruction)), "instruction 0x" + Integer.toHexString(instruction));
        }
        assertRefused(pickle(bytes -> bytes.op(0x80, 4)), "protocol 4");
    }

    @Test
    void theStackHoldsWhatIsTakenFromIt() throws IOException {
        assertRefused(pickle(bytes -> bytes), "a value that was never made");
        for (int instruction : new int[] {'R', 'Q', 's', 'a', 'b', 0x85, 0x86, 0x87}) {
            assertRefused(pickle(bytes -> bytes.op(instruction)), "a value that was never made");
            assertRefused(pickle(bytes -> bytes.op('}', ']', ')', 'N', '(', instruction)), "a value that was never");
        }
        for (int instruction : new int[] {'t', 'e', 'u'}) {
            assertRefused(pickle(bytes -> bytes.op('}', instruction)), "a mark that was never set");
        }
        assertRefused(pickle(bytes -> bytes.op('(', 'u')), "a value that was never made");
        assertRefused(pickle(bytes -> bytes.op('}', '(', 'N', 'u')), "a key that has no value");
        assertRefused(pickle(bytes -> bytes.op('N', '(', 'N', 'N', 'u')), "not a dict");
        assertRefused(pickle(bytes -> bytes.op('}', 'N', 'a')), "not a list");
        assertRefused(pickle(bytes -> bytes.op('N', ')', 'R')), "a call of what is not a function");
        assertRefused(pickle(bytes -> bytes.op('N', 'N', 'b')), "not a dict");
        assertRefused(pickle(bytes -> bytes.op('N', ')', 0x81)), "an object of what is not a class");
        assertRefused(pickle(bytes -> bytes.global("a", "B").op('N', 0x81)), "an object of what is not a class");
        assertRefused(pickle(bytes -> bytes.global("a", "B").op('N', 'R')), "a call of what is not a function");
    }

    @Test
    void theMemoHoldsWhatIsRecalled() throws IOException {
        assertRefused(pickle(bytes -> bytes.op('h', 7)), "memo 7 that was never set");
        assertRefused(pickle(bytes -> bytes.op('j').int32(-2)), "memo 4294967294 that was never set");
        assertRefused(pickle(bytes -> bytes.op('q', 0)), "a value that was never made");
        Path path = dictWith(bytes -> bytes.tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                .op('r')
                .int32(-2)
                .op('s')
                .string("again")
                .op('j')
                .int32(-2));
        assertThat(Weights.read(path).names()).containsExactly("w", "again");
    }

    @Test
    void valuesThatContainThemselvesOrNestWithoutEndDoNoHarm() throws IOException {
        // d = {}; d['d'] = d, and the same as a key.
        assertRefused(pickle(bytes -> bytes.op('}', 'q', 0).string("d").op('h', 0, 's')), "'d' is a dict");
        assertRefused(pickle(bytes -> bytes.op('}', ']', 'q', 0, 'h', 0, 'a', 'N', 's')), "neither text nor");
        assertRefused(
                dictWith(bytes -> {
                    bytes.op(')');
                    for (int i = 0; i < 500_000; i++) {
                        bytes.op(0x85);
                    }
                    return bytes;
                }),
                "'w' is a list");
        assertRefused(
                pickle(bytes -> {
                    for (int i = 0; i < 1_000_000; i++) {
                        bytes.op('}');
                    }
                    return bytes;
                }),
                "more than 1000000 instructions");
    }

    @Test
    void everyLengthInThePickleEndsWithinIt() throws IOException {
        for (int length : new int[] {1000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            assertRefused(pickle(bytes -> bytes.op('X').int32(length)), "ends too early");
        }
        assertRefused(pickle(bytes -> bytes.op(0x8a, 255)), "ends too early");
        assertRefused(pickle(bytes -> bytes.op('G', 0)), "ends too early");
        assertRefused(pickle(bytes -> bytes.op('c', 't')), "ends too early");
        assertRefused(archive(ZipEntry.STORED, entries(new byte[0])), "ends too early");
        assertRefused(pickle(bytes -> bytes.op('X').int32(1).op(0xff)), "not UTF-8");
    }

    @Test
    void tensorsStayWithinTheirStorage() throws IOException {
        String outside = "tensor 'w' reaches outside its storage of 6 elements";
        assertRefused(dictWith(bytes -> bytes.tensor(6, 1, TWO_BY_THREE, ROW_MAJOR)), outside);
        assertRefused(dictWith(bytes -> bytes.tensor(6, -1, TWO_BY_THREE, ROW_MAJOR)), outside);
        assertRefused(dictWith(bytes -> bytes.tensor(6, 0, TWO_BY_THREE, new long[] {4, 1})), outside);
        assertRefused(dictWith(bytes -> bytes.tensor(6, 5, TWO_BY_THREE, new long[] {-3, 1})), outside);
        assertRefused(dictWith(bytes -> bytes.tensor(6, 0, TWO_BY_THREE, new long[] {1})), outside);
        assertRefused(
                dictWith(bytes -> bytes.tensor(6, 0, new long[] {3, 3}, new long[] {Long.MAX_VALUE, 1})), outside);
        assertRefused(
                dictWith(bytes -> bytes.tensor(6, Long.MAX_VALUE, TWO_BY_THREE, new long[] {Long.MAX_VALUE, 1})),
                outside);
        assertRefused(
                dictWith(bytes -> bytes.tensor(6, 0, new long[] {1L << 62, 4}, new long[] {0, 0})),
                "beyond all memory");
        assertRefused(dictWith(bytes -> bytes.tensor(6, 0, new long[] {-2, 3}, ROW_MAJOR)), "size -2");
        assertRefused(dictWith(bytes -> bytes.tensor(6, 0, new long[] {1L << 30}, new long[] {0})), "at most 2 GB");
        // One element seen half a billion times.
        assertRefused(
                dictWith(bytes -> bytes.tensor(6, 0, new long[] {1L << 28}, new long[] {0})), "unpacks to 1073741824");
    }

    @Test
    void storagesAreWhatThePickleSays() throws IOException {
        assertRefused(
                dictWith(bytes -> bytes.tensor(5, 0, new long[] {5}, new long[] {1})),
                "storage 0 has 24 bytes; expected 5 of FLOAT32");
        for (long elements : new long[] {7, -6, 6 + (1L << 62), Long.MIN_VALUE}) {
            assertRefused(
                    dictWith(bytes -> bytes.tensor(elements, 0, TWO_BY_THREE, ROW_MAJOR)), "expected " + elements);
        }
        byte[] pickle = new PickleBytes()
                .op('}')
                .string("w")
                .tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                .op('s')
                .done();
        assertRefused(archive(ZipEntry.STORED, Map.of("archive/data.pkl", pickle)), "no entry archive/data/0");
        assertRefused(pickle(bytes -> bytes.op('N', 'Q')), "something else than a storage");
        for (String key : new String[] {"../../etc/passwd", "", "0/", "x".repeat(100), "a\nb"}) {
            assertRefused(
                    dictWith(bytes -> bytes.global("torch._utils", "_rebuild_tensor_v2")
                            .op('(')
                            .storage("FloatStorage", key, 6)
                            .integer(0)
                            .tuple(2, 3)
                            .tuple(3, 1)
                            .op(0x89, 'N', 't', 'R')),
                    "a storage called '");
        }
    }

    @Test
    void functionsGetTheArgumentsTheyTake() throws IOException {
        for (String function : new String[] {"_rebuild_tensor_v2", "_rebuild_parameter"}) {
            assertRefused(
                    pickle(bytes -> bytes.global("torch._utils", function).op(')', 'R')),
                    "unknown arguments of torch._utils." + function);
        }
        assertRefused(pickle(bytes -> bytes.global("torch", "Size").op(')', 'R')), "unknown arguments of torch.Size");
        assertRefused(
                pickle(bytes -> bytes.global("collections", "OrderedDict").op('N', 0x85, 'R')),
                "unknown arguments of collections.OrderedDict");
        assertRefused(
                pickle(bytes -> bytes.global("torch._utils", "_rebuild_tensor_v2")
                        .op('(')
                        .storage("FloatStorage", "0", 6)
                        .integer(0)
                        .op('N', 'N', 'N', 'N', 't', 'R')),
                "a shape or strides that are not integers");
    }

    @Test
    void onlyADictOfTensorsOrOneCheckpointWithIt() throws IOException {
        assertRefused(pickle(bytes -> bytes.tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)), "holds a tensor");
        assertRefused(pickle(bytes -> bytes.op(']')), "holds a list");
        assertRefused(pickle(bytes -> bytes.op('}')), "neither a dict of tensors nor a checkpoint");
        assertRefused(dictWith(bytes -> bytes.string("text")), "'w' is a string");
        assertRefused(
                pickle(bytes -> bytes.op('}', '(')
                        .string("model")
                        .op('}', 'q', 0)
                        .string("w")
                        .tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                        .op('s')
                        .string("state_dict")
                        .op('h', 0, 'u')),
                "2 of these");
        Path half = pickle(bytes -> bytes.op('}', '(')
                .string("module.w")
                .tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                .string("w")
                .tensor(6, 0, TWO_BY_THREE, ROW_MAJOR)
                .op('u'));
        assertThat(Weights.read(half).names()).containsExactly("module.w", "w");
    }

    @Test
    void archivesAreOfTheKindThatTorchSaves() throws IOException {
        byte[] pickle = new PickleBytes().op('}').done();
        assertRefused(archive(ZipEntry.STORED, Map.of("readme.txt", pickle)), "0 entries FOLDER/data.pkl");
        assertRefused(archive(ZipEntry.STORED, Map.of("a/data.pkl", pickle, "b/data.pkl", pickle)), "2 entries");
        assertRefused(
                archive(
                        ZipEntry.STORED,
                        Map.of("a/data.pkl", pickle, "a/byteorder", "big".getBytes(StandardCharsets.UTF_8))),
                "byte order 'big'");
        Path path = archive(ZipEntry.STORED, Map.of("a/data.pkl", pickle));
        byte[] whole = Files.readAllBytes(path);
        whole[new String(whole, StandardCharsets.ISO_8859_1).lastIndexOf("a/data.pkl")] = (byte) 0xff;
        Files.write(path, whole);
        assertRefused(path, "damaged zip archive");
        Files.write(folder.resolve("hostile.pt"), new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0});
        assertRefused(folder.resolve("hostile.pt"), "zip archive");
    }

    @Test
    void archivesThatUnpackToFarMoreThanTheyAreAreRefused() throws IOException {
        byte[] large = new byte[100 << 20];
        byte[] pickle = new PickleBytes()
                .op('}')
                .string("w")
                .tensor(25 << 20, 0, new long[] {25 << 20}, new long[] {1})
                .op('s')
                .done();
        Map<String, byte[]> entries = entries(pickle);
        entries.put("archive/data/0", large);
        assertRefused(archive(ZipEntry.DEFLATED, entries), "unpacks to 104857600 bytes");
        assertRefused(
                archive(ZipEntry.DEFLATED, Map.of("archive/data.pkl", large)), "archive/data.pkl has 104857600 bytes");
    }

    @Test
    void aChangedByteOfAStorageIsNoticed() throws IOException {
        Path path = dictWith(bytes -> bytes.tensor(6, 0, TWO_BY_THREE, ROW_MAJOR));
        byte[] whole = Files.readAllBytes(path);
        int storage = new String(whole, StandardCharsets.ISO_8859_1).indexOf("archive/data/0") + 14;
        whole[storage + 5] ^= 1;
        Files.write(path, whole);
        assertRefused(path, "archive/data/0 is damaged: its checksum differs");
    }
}
