package dev.freshet.fleet;

import dev.freshet.testing.Tools;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of Next.js. */
record NextVersion(int major, int minor, int patch) implements Comparable<NextVersion> {

    private static final Pattern TEXT = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+)");

    /** In a package.json. */
    static final Pattern NAMED = Pattern.compile("(?<=\"next\": \")([^\"]+)(?=\")");

    private static final Comparator<NextVersion> ORDER = Comparator.comparingInt(NextVersion::major)
            .thenComparingInt(NextVersion::minor)
            .thenComparingInt(NextVersion::patch);

    /** What the app of {@code src/test/next-app} is written for, and every build of ours runs. */
    static final NextVersion OF_THE_APP = ofTheApp();

    /** What this run is on: {@code -Dfreshet.next.version=16.1.7}, or else that of the app. */
    static final NextVersion CHOSEN = of(System.getProperty("freshet.next.version", OF_THE_APP.toString()));

    static NextVersion of(String text) {
        Matcher version = TEXT.matcher(text);
        if (!version.matches()) {
            throw new IllegalArgumentException(
                    "freshet.next.version is a release of Next.js such as 16.1.7, was " + text);
        }
        return new NextVersion(
                Integer.parseInt(version.group(1)),
                Integer.parseInt(version.group(2)),
                Integer.parseInt(version.group(3)));
    }

    private static NextVersion ofTheApp() {
        Matcher named = NAMED.matcher(Folders.read(Tools.repository().resolve("src/test/next-app/package.json")));
        if (!named.find()) {
            throw new IllegalStateException("src/test/next-app/package.json names no version of next");
        }
        return of(named.group(1));
    }

    boolean isAtLeast(NextVersion other) {
        return compareTo(other) >= 0;
    }

    @Override
    public int compareTo(NextVersion other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + patch;
    }
}
