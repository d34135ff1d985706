package varepsilon.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import varepsilon.base.AtomicFile;
import varepsilon.base.InputException;
import varepsilon.tensor.Tensor;
import varepsilon.weights.SafetensorsHeader.Entry;

/**
 * The <a href="https://github.com/huggingface/safetensors#format">safetensors format</a>: the length of the header as
 * eight little-endian bytes, a JSON header with type, shape and place of each tensor, then the tensors' bytes.
 */
public final class Safetensors {
    private Safetensors() {}

    /**
     * Reads every tensor into the open scope. Each is copied once; beyond the tensors themselves this takes the memory
     * of the largest.
     *
     * @throws InputException where the file is missing, damaged or against the format in any way
     * @throws IOException on an I/O error
     */
    public static Weights read(Path path) throws IOException {
        try (OpenWeightFile open = open(path)) {
            StateDict all = open.stateDicts().get(0);
            return open.read(all, all.shapes().keySet());
        }
    }

    /** Reads the header, and keeps the file open. */
    static OpenWeightFile open(Path path) throws IOException {
        WeightFile file = new WeightFile(path);
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            long size = channel.size();
            if (size < Long.BYTES) {
                throw file.refused(
                        "has " + size + " bytes; a safetensors file begins with 8 that give its header's length");
            }
            long headerBytes =
                    read(file, channel, 0, ByteBuffer.allocate(Long.BYTES)).getLong();
            long dataStart = Long.BYTES + headerBytes;
            if (headerBytes < 0 || headerBytes > SafetensorsHeader.MAX_BYTES || dataStart > size) {
                throw file.refused("the first 8 bytes, as a safetensors header's length, say "
                        + Long.toUnsignedString(headerBytes) + ", but the file has " + size
                        + " bytes (and a header at most " + SafetensorsHeader.MAX_BYTES + "); truncated, or not a"
                        + " safetensors file");
            }
            ByteBuffer header = read(file, channel, Long.BYTES, ByteBuffer.allocate((int) headerBytes));
            return new Opened(
                    file, channel, SafetensorsHeader.parse(file, header.array(), size - dataStart), dataStart);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private record Opened(WeightFile file, FileChannel channel, SafetensorsHeader header, long dataStart)
            implements OpenWeightFile {
        @Override
        public List<StateDict> stateDicts() {
            Map<String, long[]> shapes = new LinkedHashMap<>();
            header.entries().forEach(entry -> shapes.put(entry.name(), entry.shape()));
            return List.of(new StateDict("", shapes));
        }

        @Override
        public Weights read(StateDict dict, Set<String> names) throws IOException {
            List<Entry> entries = header.entries().stream()
                    .filter(entry -> names.contains(entry.name()))
                    .toList();
            int largest = entries.stream().mapToInt(Entry::bytes).max().orElse(0);
            // Read, not mapped: a mapped file that another process cuts short would kill the JVM.
            ByteBuffer buffer = ByteBuffer.allocateDirect(largest);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (Entry entry : entries) {
                buffer.clear().limit(entry.bytes());
                Safetensors.read(file, channel, dataStart + entry.begin(), buffer);
                tensors.put(entry.name(), Tensor.ofRaw(buffer, entry.dtype(), entry.shape()));
            }
            return new Weights(file.path().toString(), tensors, header.metadata());
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** Fills the buffer from that place of the file, and turns it to be read. */
    private static ByteBuffer read(WeightFile file, FileChannel channel, long position, ByteBuffer buffer)
            throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw file.refused("ended while it was being read; is another program writing it?");
            }
        }
        return buffer.flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Writes weights, whole or not at all; an existing file is replaced only by a complete one. The header keeps the
     * order of the names.
     *
     * @throws IllegalArgumentException where a name is {@code __metadata__} or cannot be written as UTF-8
     * @throws IOException where the file cannot be written
     */
    public static void write(Path path, Weights weights) throws IOException {
        SafetensorsHeader header = layOut(weights);
        byte[] json = header.toBytes();
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        length.putLong(json.length).flip();
        AtomicFile.write(path, out -> {
            WritableByteChannel channel = Channels.newChannel(out);
            channel.write(length);
            channel.write(ByteBuffer.wrap(json));
            for (Entry entry : header.entriesByOffset()) {
                channel.write(weights.get(entry.name()).toRaw());
            }
        });
    }

    /** Widest types first: then every tensor is aligned to its type, without which Python refuses to view it. */
    private static SafetensorsHeader layOut(Weights weights) {
        List<Map.Entry<String, Tensor>> byWidth =
                new ArrayList<>(weights.tensors().entrySet());
        byWidth.sort(Comparator.comparing(named -> -named.getValue().dtype().bytes()));
        Map<String, Entry> placed = new HashMap<>();
        long begin = 0;
        for (Map.Entry<String, Tensor> named : byWidth) {
            Tensor tensor = named.getValue();
            long end = begin + elements(tensor.shape()) * tensor.dtype().bytes();
            placed.put(named.getKey(), new Entry(named.getKey(), tensor.dtype(), tensor.shape(), begin, end));
            begin = end;
        }
        List<Entry> inOrder = weights.names().stream().map(placed::get).toList();
        return new SafetensorsHeader(inOrder, weights.metadata());
    }

    private static long elements(long[] shape) {
        long product = 1;
        for (long size : shape) {
            product *= size;
        }
        return product;
    }
}
