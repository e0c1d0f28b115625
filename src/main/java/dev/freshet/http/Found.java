package dev.freshet.http;

import dev.freshet.entry.Entry;
import dev.freshet.entry.Freshness;
import dev.freshet.entry.Key;
import dev.freshet.entry.Lifetime;
import dev.freshet.entry.Ticket;
import dev.freshet.gateway.Gateway;
import dev.freshet.gateway.Lookup;
import dev.freshet.gateway.Lookup.Source;
import dev.freshet.lease.Turn;
import io.vertx.core.Future;
import java.util.Optional;

/**
 * What a read found, as headers and frames both tell it.
 *
 * @param entry empty if there is none to serve
 * @param ageMs of the entry
 * @param source of the entry
 * @param turn the reader's, if it asked for one
 * @param ticket if the reader is to compute
 */
record Found(
        Key key,
        Optional<Entry> entry,
        Freshness freshness,
        long ageMs,
        Source source,
        Optional<Turn> turn,
        Optional<Ticket> ticket,
        boolean collapsed) {

    static Found of(Key key, Lookup lookup) {
        return switch (lookup) {
            case Lookup.Fresh fresh -> fresh(fresh.entry(), fresh.ageMs(), fresh.source(), fresh.collapsed());
            case Lookup.Early early ->
                new Found(
                        key,
                        Optional.of(early.entry()),
                        Freshness.FRESH,
                        early.ageMs(),
                        early.source(),
                        Optional.of(early.turn()),
                        Optional.of(early.ticket()),
                        early.collapsed());
            case Lookup.Stale stale ->
                new Found(
                        key,
                        Optional.of(stale.entry()),
                        stale.why(),
                        stale.ageMs(),
                        stale.source(),
                        stale.turn(),
                        stale.turn().map(turn -> stale.ticket()),
                        stale.collapsed());
            case Lookup.Miss miss ->
                new Found(
                        key,
                        Optional.empty(),
                        Freshness.GONE,
                        0,
                        Source.STORE,
                        miss.turn(),
                        Optional.of(miss.ticket()),
                        miss.collapsed());
        };
    }

    /** A fresh near copy. */
    static Found near(Entry entry, long ageMs) {
        return fresh(entry, ageMs, Source.NEAR, false);
    }

    /** A fresh entry, for who has no turn. */
    static Found fresh(Entry entry, long ageMs, Source source, boolean collapsed) {
        return new Found(
                entry.key(),
                Optional.of(entry),
                Freshness.FRESH,
                ageMs,
                source,
                Optional.empty(),
                Optional.empty(),
                collapsed);
    }

    /** Gives the reader's lease back if the answer cannot be sent: whoever was to lead is gone, and the next one leads at once. */
    Future<Void> delivered(Gateway gateway, Future<Void> sending) {
        return turn.isPresent() && turn.get() instanceof Turn.Lead lead
                ? sending.onFailure(gone -> gateway.release(key, lead.token()))
                : sending;
    }

    /** {@code fresh} or {@code stale}. */
    String state() {
        return freshness.isStale() ? "stale" : "fresh";
    }

    /** {@code near}, {@code store} or {@code outage}. */
    String detail() {
        return switch (source) {
            case NEAR -> "near";
            case STORE -> "store";
            case OUTAGE -> "outage";
        };
    }

    /** The {@code Cache-Status} (RFC 9211). */
    String cacheStatus() {
        String status = entry.map(this::hit).orElse("freshet; fwd=uri-miss");
        return collapsed ? status + "; collapsed" : status;
    }

    private String hit(Entry hit) {
        boolean dated = hit.lifetime().revalidateMs() != Lifetime.NEVER || freshness == Freshness.STALE_BY_TAG;
        return "freshet; hit" + (dated ? "; ttl=" + ttlS() : "") + "; detail=" + detail();
    }

    /** Whether it is a near copy that is fresh, and was not waited for. */
    boolean isFreshNear() {
        return source == Source.NEAR && freshness == Freshness.FRESH && !collapsed;
    }

    /** How long the entry stays fresh, in whole seconds; 0 if nothing but a tag ends that. What a tag made stale is so whatever time it has left. */
    long ttlS() {
        long revalidateMs = entry.map(hit -> hit.lifetime().revalidateMs()).orElse(Lifetime.NEVER);
        long leftS = revalidateMs == Lifetime.NEVER ? 0 : Math.floorDiv(revalidateMs - ageMs, 1_000L);
        return freshness == Freshness.STALE_BY_TAG ? Math.min(0, leftS) : leftS;
    }

    /** The {@code Freshet-Lease}, if the reader has a turn. */
    Optional<String> lease() {
        return turn.map(mine -> switch (mine) {
            case Turn.Lead lead ->
                "leader; token=\"" + LeaseToken.of(key, lead.token()) + "\"; ttl=" + Seconds.text(lead.ttlMs());
            case Turn.Follow follow -> "follower; ttl=" + Seconds.text(follow.ttlMs());
            case Turn.LookAgain again -> throw new IllegalStateException("a reader is not told to look again");
        });
    }
}
