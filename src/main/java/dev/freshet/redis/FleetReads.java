package dev.freshet.redis;

import dev.freshet.store.Fleet;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What Redis knows of an app's replicas, by plain reads that change nothing: in three batches at most. */
final class FleetReads {
    private final Links links;
    private final String app;

    FleetReads(Links links, String app) {
        this.links = links;
        this.app = app;
    }

    /** What holds for every replica, and until when each may serve, µs. */
    private record Now(String epoch, long head, long micros, Map<String, Long> windows, Map<String, Long> away) {
        SortedSet<String> replicas() {
            SortedSet<String> all = new TreeSet<>(windows.keySet());
            all.addAll(away.keySet());
            return all;
        }

        long leftMs(Map<String, Long> ends, String replica) {
            return Math.max(0, ends.getOrDefault(replica, 0L) - micros) / 1_000;
        }
    }

    Future<Fleet> read() {
        Future<Reply> time = read(Request.cmd(Command.TIME));
        Future<Reply> clock = read(
                Request.cmd(Command.HMGET).arg(Names.clock(app)).arg("epoch").arg("last"));
        Future<Reply> live = read(latest(Names.live(app)));
        Future<Reply> away = read(latest(Names.away(app)));
        return Future.all(time, clock, live, away).compose(all -> {
            boolean begun = clock.result().has(0) && clock.result().has(1);
            return members(new Now(
                    begun ? clock.result().text(0) : "",
                    begun ? clock.result().number(1) : 0,
                    1_000_000 * time.result().number(0) + time.result().number(1),
                    ends(live.result()),
                    ends(away.result())));
        });
    }

    private Future<Reply> read(Request request) {
        return links.read(Names.clock(app), request);
    }

    /* The sentinel is the highest: the others are one less. */
    private static Request latest(String name) {
        return Request.cmd(Command.ZRANGE)
                .arg(name)
                .arg(-Fleet.MEMBERS_MAX)
                .arg(-1)
                .arg("WITHSCORES");
    }

    private static Map<String, Long> ends(Reply scores) {
        Map<String, Long> ends = new TreeMap<>();
        for (int i = 0; i + 1 < scores.size(); i += 2) {
            if (!scores.text(i).isEmpty()) {
                ends.put(scores.text(i), scores.number(i + 1));
            }
        }
        return ends;
    }

    private Future<Fleet> members(Now now) {
        List<String> replicas = now.replicas().stream().limit(Fleet.MEMBERS_MAX).toList();
        if (replicas.isEmpty()) {
            return Future.succeededFuture(new Fleet(now.epoch, now.head, now.micros, List.of()));
        }
        Request acks = Request.cmd(Command.ZMSCORE).arg(Names.acks(app));
        replicas.forEach(acks::arg);
        return read(acks).compose(applied -> {
            List<Future<Fleet.Member>> members = new ArrayList<>();
            for (int i = 0; i < replicas.size(); i++) {
                members.add(member(now, replicas.get(i), applied.has(i) ? applied.number(i) : 0));
            }
            return Future.all(members)
                    .map(told -> new Fleet(
                            now.epoch,
                            now.head,
                            now.micros,
                            members.stream().map(Future::result).toList()));
        });
    }

    private Future<Fleet.Member> member(Now now, String replica, long applied) {
        return lagMs(now, applied)
                .map(lagMs -> new Fleet.Member(
                        replica, now.leftMs(now.windows, replica), now.leftMs(now.away, replica), applied, lagMs));
    }

    /* The stamps of a young epoch are ahead of the clock: what is behind is so by a millisecond at least. */
    private Future<Long> lagMs(Now now, long applied) {
        if (applied >= now.head) {
            return Future.succeededFuture(0L);
        }
        return read(Request.cmd(Command.ZRANGE)
                        .arg(Names.tags(app))
                        .arg("(" + applied)
                        .arg("(+inf")
                        .arg("BYSCORE")
                        .arg("LIMIT")
                        .arg(0)
                        .arg(1)
                        .arg("WITHSCORES"))
                .map(oldest -> oldest.size() < 2 ? 0 : Math.max(1, (now.micros - oldest.number(1)) / 1_000));
    }
}
