package dev.freshet.entry;

import java.util.concurrent.TimeUnit;

/** Who of many readers refreshes an entry before it is stale. The only place that decides it. */
public final class EarlyRefresh {
    /*
     * XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015), with beta 1: a
     * reader refreshes if now - delta ln(draw) >= expiry, where delta is how long the value takes to compute. So each
     * reader is elected by itself, the likelier the nearer the expiry; of many readers the first is elected a few deltas
     * ahead, and of few none may be. The lease sees to it that of several only one refreshes.
     *
     * Delta is what the last computation took, from its beginning to its write: the revision is the
     * instant of the write. It is at least a hundredth of the fresh life, as a writer may not
     * have said when it began, and at most a tenth, as a seed may have begun when it was built.
     */
    private static final long SHARE_MIN = 100;
    private static final long SHARE_MAX = 10;

    private EarlyRefresh() {}

    /**
     * Whether a reader of a fresh entry is to refresh it.
     *
     * @param ageMs of the entry
     * @param draw from 0 (exclusive) to 1, all equally likely
     */
    public static boolean isDue(Entry entry, long ageMs, double draw) {
        long revalidateMs = entry.lifetime().revalidateMs();
        return revalidateMs != Lifetime.NEVER && ageMs - deltaMs(entry, revalidateMs) * Math.log(draw) >= revalidateMs;
    }

    private static long deltaMs(Entry entry, long revalidateMs) {
        long tookMs = TimeUnit.MICROSECONDS.toMillis(entry.revision()) - entry.bornMs();
        return Math.clamp(tookMs, revalidateMs / SHARE_MIN, Math.max(1, revalidateMs / SHARE_MAX));
    }
}
