package dev.freshet.fleet;

/** The ways in which the app caches a value. Each has a page of its own for every key. */
enum Kind {
    /** {@code 'use cache'} */
    USE_CACHE("/cached/"),
    /** {@code 'use cache: remote'} */
    USE_CACHE_REMOTE("/remote/"),
    /** A page that is rendered when it is first asked for, and kept whole. */
    ISR_PAGE("/isr/"),
    /** A route handler whose answer is kept whole. */
    ROUTE_HANDLER("/api/isr/"),
    /** {@code fetch} with {@code cache: 'force-cache'} */
    FETCH("/fetched/"),
    /** {@code unstable_cache} */
    UNSTABLE_CACHE("/unstable/");

    private final String folder;

    Kind(String folder) {
        this.folder = folder;
    }

    String path(String key) {
        return folder + key;
    }
}
