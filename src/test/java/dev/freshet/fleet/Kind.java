package dev.freshet.fleet;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The ways in which the app caches a value. Each has a page of its own for every key. */
public enum Kind {
    /** {@code 'use cache'} */
    USE_CACHE("/cached/", Feature.USE_CACHE),
    /** {@code 'use cache: remote'} */
    USE_CACHE_REMOTE("/remote/", Feature.USE_CACHE),
    /** A page that is rendered when it is first asked for, and kept whole. */
    ISR_PAGE("/isr/"),
    /** A route handler whose answer is kept whole. */
    ROUTE_HANDLER("/api/isr/"),
    /** {@code fetch} with {@code cache: 'force-cache'} */
    FETCH("/fetched/"),
    /** {@code unstable_cache} */
    UNSTABLE_CACHE("/unstable/");

    private final String folder;
    private final Optional<Feature> needs;

    Kind(String folder) {
        this(folder, Optional.empty());
    }

    Kind(String folder, Feature needs) {
        this(folder, Optional.of(needs));
    }

    Kind(String folder, Optional<Feature> needs) {
        this.folder = folder;
        this.needs = needs;
    }

    /** Those that the chosen version of Next has. */
    public static List<Kind> all() {
        return Arrays.stream(values())
                .filter(kind -> kind.needs.stream().allMatch(Feature::isThere))
                .toList();
    }

    /** Ends the test where who is to refresh such a value is not answered before that is done. */
    void requireBackgroundRefresh() {
        if (needs.isPresent()) {
            Feature.BACKGROUND_REFRESH.require();
        }
    }

    /** Ends the test where Next has no such kind. */
    public String path(String key) {
        needs.ifPresent(Feature::require);
        return folder + key;
    }
}
