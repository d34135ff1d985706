package varepsilon.weights;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import varepsilon.base.InputException;
import varepsilon.tensor.DType;

/** The JSON header of a safetensors file: the tensors in the header's order, and the metadata. */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {
    /**
     * The format allows 100 MB, with which a hostile file could fill a small heap; a large model's header has some 100
     * kB.
     */
    static final int MAX_BYTES = 16 << 20;

    private static final String METADATA = "__metadata__";
    private static final int ALIGNMENT = 8;
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Every name is new: a table of names would cost time, and crafted collisions in it even more.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNameLength(MAX_BYTES)
                    .maxStringLength(MAX_BYTES)
                    .maxNestingDepth(3)
                    .build())
            .build();

    /** A tensor whose bytes are {@code [begin, end)} of the data that follows the header. */
    record Entry(String name, DType dtype, long[] shape, long begin, long end) {
        int bytes() {
            return Math.toIntExact(end - begin);
        }
    }

    /** The entries in the order of their bytes. */
    List<Entry> entriesByOffset() {
        return entries.stream()
                .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
                .toList();
    }

    /** The header as the format has it, padded with spaces so that the data begins at a multiple of eight bytes. */
    byte[] toBytes() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes, JsonEncoding.UTF8)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(METADATA);
                for (Map.Entry<String, String> fact : metadata.entrySet()) {
                    json.writeStringField(encodable(fact.getKey()), encodable(fact.getValue()));
                }
                json.writeEndObject();
            }
            for (Entry entry : entries) {
                if (entry.name().equals(METADATA)) {
                    throw new IllegalArgumentException("a tensor cannot be called " + METADATA);
                }
                json.writeObjectFieldStart(encodable(entry.name()));
                json.writeStringField("dtype", entry.dtype().safetensorsName());
                json.writeFieldName("shape");
                json.writeArray(entry.shape(), 0, entry.shape().length);
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        while (bytes.size() % ALIGNMENT != 0) {
            bytes.write(' ');
        }
        if (Math.max(entries.size(), metadata.size()) > WeightFile.MAX_TENSORS || bytes.size() > MAX_BYTES) {
            throw new IllegalArgumentException(entries.size() + " tensors with a header of " + bytes.size()
                    + " bytes are more than would be read again");
        }
        return bytes.toByteArray();
    }

    private static String encodable(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(WeightFile.quote(text) + " has half a surrogate pair");
        }
        return text;
    }

    /**
     * Parses and checks a header.
     *
     * @param dataBytes bytes that follow the header; the tensors must cover them without gap or overlap
     * @throws InputException where the header breaks the format in any way
     */
    static SafetensorsHeader parse(WeightFile file, byte[] header, long dataBytes) {
        return new Parser(file).parse(header, dataBytes);
    }

    /** Reads token by token: a tree of a hostile header would take many times the header's memory. */
    private static final class Parser {
        private final WeightFile file;

        Parser(WeightFile file) {
            this.file = file;
        }

        SafetensorsHeader parse(byte[] bytes, long dataBytes) {
            if (bytes.length == 0 || bytes[0] != '{') {
                throw file.refused("neither a safetensors file (no JSON header after the first 8 bytes) nor a PyTorch"
                        + " state dict (no zip archive)");
            }
            SafetensorsHeader header;
            try (JsonParser json = JSON.createParser(decode(bytes))) {
                header = header(json);
            } catch (JsonProcessingException e) {
                throw file.refused("the header is not the JSON of a safetensors file: " + e.getOriginalMessage(), e);
            } catch (IOException e) {
                throw new IllegalStateException("reading a string cannot fail", e);
            }
            checkCover(header, dataBytes);
            return header;
        }

        private String decode(byte[] bytes) {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
            } catch (CharacterCodingException e) {
                throw file.refused("the header is not UTF-8 text", e);
            }
        }

        private SafetensorsHeader header(JsonParser json) throws IOException {
            List<Entry> entries = new ArrayList<>();
            Map<String, String> metadata = new LinkedHashMap<>();
            expect(json.nextToken(), JsonToken.START_OBJECT, "the header");
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                expect(json.nextToken(), JsonToken.START_OBJECT, WeightFile.quote(name));
                if (name.equals(METADATA)) {
                    readMetadata(json, metadata);
                } else {
                    entries.add(entry(json, name));
                }
                if (entries.size() > WeightFile.MAX_TENSORS) {
                    throw file.refused("more than " + WeightFile.MAX_TENSORS + " tensors");
                }
            }
            if (json.nextToken() != null) {
                throw file.refused("the header goes on after its JSON object");
            }
            return new SafetensorsHeader(List.copyOf(entries), metadata);
        }

        private void readMetadata(JsonParser json, Map<String, String> metadata) throws IOException {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                expect(json.nextToken(), JsonToken.VALUE_STRING, "metadata " + WeightFile.quote(key));
                metadata.put(key, json.getText());
                if (metadata.size() > WeightFile.MAX_TENSORS) {
                    throw file.refused("more than " + WeightFile.MAX_TENSORS + " keys of metadata");
                }
            }
        }

        private Entry entry(JsonParser json, String name) throws IOException {
            String where = "tensor " + WeightFile.quote(name);
            DType dtype = null;
            long[] shape = null;
            long[] offsets = null;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                JsonToken value = json.nextToken();
                switch (key) {
                    case "dtype" -> {
                        expect(value, JsonToken.VALUE_STRING, where + ", dtype");
                        dtype = dtype(json.getText(), where);
                    }
                    case "shape" -> shape = integers(json, where + ", shape");
                    case "data_offsets" -> offsets = integers(json, where + ", data_offsets");
                    default -> throw file.refused(where + " has an unknown key " + WeightFile.quote(key));
                }
            }
            if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
                throw file.refused(where + " needs a dtype, a shape and two data_offsets");
            }
            long bytes = file.bytes(name, dtype, shape);
            if (offsets[0] < 0 || offsets[1] < offsets[0] || offsets[1] - offsets[0] != bytes) {
                throw file.refused(where + " has data_offsets " + Arrays.toString(offsets) + ", but " + dtype + " "
                        + Arrays.toString(shape) + " takes " + bytes + " bytes");
            }
            return new Entry(name, dtype, shape, offsets[0], offsets[1]);
        }

        private DType dtype(String name, String where) {
            return Arrays.stream(DType.values())
                    .filter(dtype -> dtype.safetensorsName().equals(name))
                    .findAny()
                    .orElseThrow(() -> file.refused(where + " has dtype " + WeightFile.quote(name) + "; known are "
                            + Arrays.stream(DType.values())
                                    .map(DType::safetensorsName)
                                    .toList()));
        }

        private long[] integers(JsonParser json, String where) throws IOException {
            expect(json.currentToken(), JsonToken.START_ARRAY, where);
            List<Long> values = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, where);
                values.add(json.getLongValue());
                if (values.size() > WeightFile.MAX_DIMENSIONS) {
                    throw file.refused(where + " has more than " + WeightFile.MAX_DIMENSIONS + " numbers");
                }
            }
            return values.stream().mapToLong(Long::longValue).toArray();
        }

        private void expect(JsonToken found, JsonToken expected, String where) {
            if (found != expected) {
                throw file.refused(where + ": found " + found + " in the JSON header; expected " + expected);
            }
        }

        private void checkCover(SafetensorsHeader header, long dataBytes) {
            long covered = 0;
            for (Entry entry : header.entriesByOffset()) {
                if (entry.begin() != covered) {
                    String wrong = entry.begin() < covered ? "overlaps the tensor before it" : "leaves a gap before it";
                    throw file.refused("tensor " + WeightFile.quote(entry.name()) + " at byte " + entry.begin() + " "
                            + wrong + ", which ends at byte " + covered);
                }
                covered = entry.end();
            }
            if (covered != dataBytes) {
                String why = covered > dataBytes ? "; the file is truncated" : " that belong to no tensor";
                throw file.refused(
                        "the tensors take " + covered + " bytes, but " + dataBytes + " follow the header" + why);
            }
        }
    }
}
