package dev.freshet.http;

import dev.freshet.entry.Lifetime;

/** Spans of time: seconds with three decimals outside, milliseconds inside. */
final class Seconds {
    /** More seconds than this are never: 3,000 years. */
    static final double SECONDS_MAX = 1e11;

    private Seconds() {}

    /** Milliseconds of some seconds, 0 or more, {@link Lifetime#NEVER} for a span that nobody lives to see. */
    static long ms(double seconds) {
        return seconds > SECONDS_MAX ? Lifetime.NEVER : Math.round(seconds * 1_000);
    }

    /** Seconds, without zeros at the end: {@code 7.5}. */
    static String text(long ms) {
        long whole = ms / 1_000;
        int thousandths = (int) (ms % 1_000);
        if (thousandths == 0) {
            return Long.toString(whole);
        }
        String decimals = Integer.toString(1_000 + thousandths).substring(1);
        int end = decimals.length();
        while (decimals.charAt(end - 1) == '0') {
            end--;
        }
        return whole + "." + decimals.substring(0, end);
    }
}
