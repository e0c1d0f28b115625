package dev.freshet.http;

import dev.freshet.http.Problem.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Structured fields (RFC 9651), as far as the protocol has them: lists and dictionaries of strings, tokens, numbers and
 * booleans. Of parameters only the names are had; inner lists, bytes, dates and display strings are refused.
 */
final class Fields {
    private final String name;
    private final String text;
    private final Set<String> parameters = new HashSet<>();
    private int at;

    /** One value. */
    sealed interface Item {
        /** A quoted string, without its quotes. */
        record Text(String text) implements Item {}

        /** A bare word. */
        record Token(String text) implements Item {}

        /** An integer or a decimal, which has at most three decimals. */
        record Decimal(long thousandths) implements Item {}

        /** True or false; a member of a dictionary without a value is true. */
        record Flag(boolean on) implements Item {}
    }

    private Fields(String name, String text) {
        this.name = name;
        this.text = text;
    }

    /** Reads a List whose members are all Strings. */
    static List<String> strings(String name, String text) {
        Fields fields = new Fields(name, text);
        List<String> strings = new ArrayList<>();
        fields.members(() -> {
            if (fields.item() instanceof Item.Text string) {
                strings.add(string.text());
            } else {
                throw fields.wrong("its members are quoted strings");
            }
            fields.parameters();
        });
        return strings;
    }

    /** Reads a Dictionary. Of two members with one name the later counts. */
    static Map<String, Item> dictionary(String name, String text) {
        return new Fields(name, text).dictionary();
    }

    /** Reads the names of the parameters of all members of a Dictionary. */
    static Set<String> parameters(String name, String text) {
        Fields fields = new Fields(name, text);
        fields.dictionary();
        return fields.parameters;
    }

    private Map<String, Item> dictionary() {
        Map<String, Item> members = new LinkedHashMap<>();
        members(() -> {
            String key = key();
            members.put(key, next('=') ? item() : new Item.Flag(true));
            parameters();
        });
        return members;
    }

    /** Reads a number that stands alone. */
    static Item.Decimal decimal(String name, String text) {
        Fields fields = new Fields(name, text.strip());
        Item.Decimal decimal = new Item.Decimal(fields.number());
        if (fields.at < fields.text.length()) {
            throw fields.wrong("it is one number");
        }
        return decimal;
    }

    /** A String in its quotes; empty if it has characters that no String has. */
    static Optional<String> quoted(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') {
                return Optional.empty();
            }
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c);
        }
        return Optional.of(quoted.append('"').toString());
    }

    private void members(Runnable member) {
        skip(" ");
        while (at < text.length()) {
            member.run();
            skip(" \t");
            if (at == text.length()) {
                return;
            }
            if (!next(',')) {
                throw wrong("its members are separated by commas");
            }
            skip(" \t");
            if (at == text.length()) {
                throw wrong("it ends with a comma");
            }
        }
    }

    private void parameters() {
        while (next(';')) {
            skip(" ");
            parameters.add(key());
            if (next('=')) {
                item();
            }
        }
    }

    private String key() {
        int from = at;
        while (at < text.length() && (isKey(text.charAt(at)) || (at > from && isDigitOrDash(text.charAt(at))))) {
            at++;
        }
        if (from == at) {
            throw wrong("a name of lower-case letters is expected");
        }
        return text.substring(from, at);
    }

    private static boolean isKey(char c) {
        return (c >= 'a' && c <= 'z') || c == '*' || c == '_';
    }

    private static boolean isDigitOrDash(char c) {
        return isDigit(c) || c == '-' || c == '.';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private Item item() {
        char first = at < text.length() ? text.charAt(at) : 0;
        if (first == '"') {
            return new Item.Text(string());
        }
        if (first == '-' || isDigit(first)) {
            return new Item.Decimal(number());
        }
        if (first == '?') {
            return flag();
        }
        return new Item.Token(token());
    }

    private String string() {
        at++;
        StringBuilder string = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return string.toString();
            }
            if (c == '\\') {
                c = at < text.length() ? text.charAt(at++) : 0;
                if (c != '"' && c != '\\') {
                    throw wrong("a backslash stands before a quote or a backslash");
                }
            }
            if (c < ' ' || c > '~') {
                throw wrong("a string has printable ASCII characters");
            }
            string.append(c);
        }
        throw wrong("a string has no end");
    }

    private long number() {
        int from = at;
        next('-');
        int digits = digits(15);
        if (digits > 0 && next('.')) {
            digits = digits <= 12 ? digits(3) : 0;
        }
        if (digits == 0) {
            throw wrong("a number has at most 15 digits, or 12 and three decimals");
        }
        String number = text.substring(from, at);
        int point = number.indexOf('.');
        return point < 0
                ? Long.parseLong(number) * 1_000
                : Long.parseLong(number.substring(0, point) + (number.substring(point + 1) + "00").substring(0, 3));
    }

    /* How many there are; 0 if more than so many. */
    private int digits(int max) {
        int from = at;
        while (at < text.length() && isDigit(text.charAt(at))) {
            at++;
        }
        return at - from <= max ? at - from : 0;
    }

    private Item flag() {
        at++;
        if (next('1')) {
            return new Item.Flag(true);
        }
        if (next('0')) {
            return new Item.Flag(false);
        }
        throw wrong("a boolean is ?0 or ?1");
    }

    private String token() {
        int from = at;
        while (at < text.length() && isToken(text.charAt(at), at == from)) {
            at++;
        }
        if (from == at) {
            throw wrong("a value is expected");
        }
        return text.substring(from, at);
    }

    private static boolean isToken(char c, boolean first) {
        boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*';
        return letter || (!first && (isDigit(c) || "!#$%&'+-.^_`|~:/".indexOf(c) >= 0));
    }

    private boolean next(char expected) {
        if (at < text.length() && text.charAt(at) == expected) {
            at++;
            return true;
        }
        return false;
    }

    private void skip(String blanks) {
        while (at < text.length() && blanks.indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private Problem wrong(String why) {
        return new Problem(Kind.INVALID_REQUEST, name + " cannot be read at character " + (at + 1) + ": " + why);
    }
}
