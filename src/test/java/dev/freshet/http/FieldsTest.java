package dev.freshet.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                         | ``",
                "\"a\"                      | a",
                "\"a\", \"b\"               | a/b",
                "\"a\",\"b\"                | a/b",
                "\"a\" \t , \t \"b\"        | a/b",
                "\"a, b\"                   | a, b",
                "\"say \\\"hi\\\"\"         | say \"hi\"",
                "\"back\\\\slash\"          | back\\slash",
                "\"a\";q=1;x, \"b\";y=\"z\" | a/b",
                "`  \"a\"  `                | a",
            })
    void strings_ofAList_areRead(String text, String expected) {
        assertThat(String.join("/", Fields.strings("Cache-Groups", text))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "1",
                "\"a",
                "\"a\",",
                "\"a\" \"b\"",
                ", \"a\"",
                "\"a\\b\"",
                "\"a\\",
                "\"\u00e9\"",
                "\"a\tb\"",
                "(\"a\")",
                ":YQ==:",
                "\"a\";",
                "\"a\";Q=1",
            })
    void strings_ofWhatIsNoListOfStrings_areRefused(String text) {
        assertThatThrownBy(() -> Fields.strings("Cache-Groups", text))
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith("Cache-Groups cannot be read at character ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "revalidate=60, expire=600 | {revalidate=Decimal[thousandths=60000], expire=Decimal[thousandths=600000]}",
                "revalidate=1.5            | {revalidate=Decimal[thousandths=1500]}",
                "revalidate=0.125          | {revalidate=Decimal[thousandths=125]}",
                "revalidate=-0.5           | {revalidate=Decimal[thousandths=-500]}",
                "a=999999999999999         | {a=Decimal[thousandths=999999999999999000]}",
                "a=1, a=2                  | {a=Decimal[thousandths=2000]}",
                "want                      | {want=Flag[on=true]}",
                "want=?0                   | {want=Flag[on=false]}",
                "want;x=1, b               | {want=Flag[on=true], b=Flag[on=true]}",
                "token=\"a.b\"             | {token=Text[text=a.b]}",
                "return=minimal, wait=2    | {return=Token[text=minimal], wait=Decimal[thousandths=2000]}",
                "*a-1.b_=x/y:z             | {*a-1.b_=Token[text=x/y:z]}",
            })
    void dictionary_ofMembers_isRead(String text, String expected) {
        assertThat(Fields.dictionary("F", text).toString()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "A=1",
                "a=",
                "a=1.",
                "a=.5",
                "a=1.2345",
                "a=1234567890123456",
                "a=1234567890123.5",
                "a=--1",
                "a=-",
                "a=1,",
                "a=1 b=2",
                "=1",
                "a==1",
                "a=?2",
                "a=?",
                "a=(1 2)",
                "a=@1659578233",
                "1a=2",
                "a=\"",
            })
    void dictionary_ofWhatIsNone_isRefused(String text) {
        assertThatThrownBy(() -> Fields.dictionary("F", text)).isInstanceOf(Problem.class);
    }

    @ParameterizedTest
    @CsvSource({"0,0", "1.5,1500", " 2 ,2000", "-1,-1000"})
    void decimal_ofANumber_isRead(String text, long thousandths) {
        assertThat(Fields.decimal("F", text).thousandths()).isEqualTo(thousandths);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "1s", "1, 2", "1;a"})
    void decimal_ofAnythingElse_isRefused(String text) {
        assertThatThrownBy(() -> Fields.decimal("F", text)).isInstanceOf(Problem.class);
    }

    @Test
    void quoted_ofText_isReadBack() {
        for (String text : List.of("", "a", "a b, c", "say \"hi\"", "back\\slash", "~!")) {
            assertThat(Fields.strings("F", Fields.quoted(text).orElseThrow())).containsExactly(text);
        }
    }

    @Test
    void quoted_ofWhatNoStringHas_isEmpty() {
        assertThat(List.of("\u00e9", "a\tb", "\u007f"))
                .allMatch(text -> Fields.quoted(text).isEmpty());
    }
}
