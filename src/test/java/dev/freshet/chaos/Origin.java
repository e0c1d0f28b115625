package dev.freshet.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** Where the data is that the entries are computed from: a version for each tag. */
final class Origin {
    static final int KEYS = 400;
    static final int TAGS = 160;

    private static final int RECENT = 16;

    private final AtomicIntegerArray versions = new AtomicIntegerArray(TAGS);
    private final AtomicInteger computations = new AtomicInteger();
    private final List<List<Integer>> keysOfTag = new ArrayList<>();

    /** Tags whose invalidation was acknowledged of late. Any client writes and reads it. */
    private final AtomicIntegerArray recent = new AtomicIntegerArray(RECENT);

    private final AtomicInteger recentCount = new AtomicInteger();

    Origin() {
        for (int tag = 0; tag < TAGS; tag++) {
            keysOfTag.add(new ArrayList<>());
        }
        for (int key = 0; key < KEYS; key++) {
            for (int tag : tagsOf(key)) {
                keysOfTag.get(tag).add(key);
            }
        }
    }

    /** The tags that a key depends on: one, two or three; and of keys beyond, the one tag beyond. */
    static List<Integer> tagsOf(int key) {
        if (key >= KEYS) {
            return List.of(TAGS);
        }
        List<Integer> tags = new ArrayList<>();
        for (int tag :
                List.of(key % TAGS, (key * 7 + 3) % TAGS, (key * 13 + 5) % TAGS).subList(0, 1 + key % 3)) {
            if (!tags.contains(tag)) {
                tags.add(tag);
            }
        }
        return tags;
    }

    /** Computes a key's value from the versions as they are now. */
    Value compute(int key) {
        Map<Integer, Integer> read = new TreeMap<>();
        for (int tag : tagsOf(key)) {
            read.put(tag, versions.get(tag));
        }
        return new Value(computations.incrementAndGet(), read);
    }

    /** Changes some tags' data. What was computed before is to be ended now. */
    Value update(List<Integer> tags) {
        Map<Integer, Integer> written = new TreeMap<>();
        for (int tag : tags) {
            written.put(tag, versions.incrementAndGet(tag));
        }
        return new Value(0, written);
    }

    /** Says that an invalidation was acknowledged, so that its keys are read more often. */
    void ended(List<Integer> tags) {
        tags.forEach(tag -> recent.set(recentCount.getAndIncrement() % RECENT, tag));
    }

    /** A key: a third of the time one of those that were ended of late, else more often a low one than a high one. */
    int anyKey(Random random) {
        if (random.nextInt(3) == 0) {
            List<Integer> keys = keysOfTag.get(recent.get(random.nextInt(RECENT)));
            if (!keys.isEmpty()) {
                return keys.get(random.nextInt(keys.size()));
            }
        }
        return (int) (KEYS * Math.pow(random.nextDouble(), 2));
    }

    /** A tag, more often a low one than a high one. */
    int anyTag(Random random) {
        return (int) (TAGS * Math.pow(random.nextDouble(), 1.5));
    }
}
