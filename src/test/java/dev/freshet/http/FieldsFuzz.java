package dev.freshet.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Header fields, keys and types are read or refused, and nothing but a {@link Problem} is thrown. */
public final class FieldsFuzz implements Consumer<byte[]> {
    @Override
    public void accept(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        readOrRefuse(() -> Fields.dictionary("Any", text));
        readOrRefuse(() -> Fields.parameters("Any", text));
        readOrRefuse(() -> Fields.strings("Any", text));
        readOrRefuse(() -> Fields.decimal("Any", text));
        readOrRefuse(() -> EntityTags.parse(text));
        readOrRefuse(() -> Values.isType(text));
        readOrRefuse(() -> new Segment(text).text());
        if (!text.isEmpty()) {
            readOrRefuse(() -> new Segment(text).base64Text());
        }
        Optional<String> quoted = Fields.quoted(text);
        if (quoted.isPresent() && !Fields.strings("Any", quoted.get()).equals(List.of(text))) {
            throw new AssertionError("a string is read otherwise than it is written");
        }
    }

    private static void readOrRefuse(Runnable reading) {
        try {
            reading.run();
        } catch (Problem refused) {
            // as it should be
        }
    }
}
