package dev.freshet;

import dev.freshet.redis.ClusterUrl;
import dev.freshet.redis.RedisConfig;
import dev.freshet.redis.SentinelUrl;
import dev.freshet.redis.Sentinels;
import dev.freshet.redis.Sentinels.Answer;
import dev.freshet.redis.Sentinels.Answer.Named;
import dev.freshet.redis.Sentinels.Answer.None;
import dev.freshet.redis.Slots;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Looks whether Redis is as Freshet needs it, and says what to do if not. */
final class Doctor {
    private static final String PROBE =
            "redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000) return redis.call('GET', KEYS[1])";
    private static final int VERSION_MIN = 602;

    private final Vertx vertx;
    private final Config config;
    private final List<String> lines = new ArrayList<>();
    private boolean well = true;

    Doctor(Vertx vertx, Config config) {
        this.vertx = vertx;
        this.config = config;
    }

    /**
     * What was found.
     *
     * @param lines each begins with ok, warning or error
     */
    record Report(List<String> lines, boolean isWell) {}

    /** Asks Redis. Never fails: what fails is found. */
    Future<Report> examine() {
        found("ok", "the configuration can be used");
        return config.redis()
                .map(this::examine)
                .orElseGet(() -> {
                    found("ok", "no redis.url: entries are kept in the memory of one replica");
                    return Future.succeededFuture();
                })
                .map(done -> new Report(List.copyOf(lines), well));
    }

    private void found(String what, String text) {
        lines.add(what + ": " + text);
        well = well && !what.equals("error");
    }

    private Future<Void> examine(RedisConfig redis) {
        if (redis.cluster().isPresent()) {
            ClusterUrl url = redis.cluster().get();
            return examine(redis, url, 0);
        }
        return redis.sentinels()
                .map(url -> new Sentinels(vertx, redis, url).ask().compose(answers -> examine(redis, url, answers)))
                .orElseGet(() -> examine(redis, redis.url()));
    }

    private Future<Void> examine(RedisConfig redis, SentinelUrl url, List<Answer> answers) {
        Optional<Named> newest = Sentinels.newest(answers);
        for (Answer answer : answers) {
            switch (answer) {
                case Named named ->
                    found(
                            newest.filter(named::agreesWith).isPresent() ? "ok" : "warning",
                            "Sentinel " + named.sentinel() + " says that the master " + url.master() + " is at "
                                    + named.host() + ":" + named.port());
                case None none ->
                    found("warning", "Sentinel " + none.sentinel() + " names no master (" + none.why() + ")");
            }
        }
        return newest.map(named -> examine(redis, url.of(named.host(), named.port())))
                .orElseGet(() -> {
                    found("error", "redis.url: no Sentinel names a master " + url.master());
                    return Future.succeededFuture();
                });
    }

    /* The nodes that the URL names are asked in turn, until one tells of all. */
    private Future<Void> examine(RedisConfig redis, ClusterUrl url, int at) {
        if (at == url.seeds().size()) {
            found("error", "redis.url: none of its nodes tells of the cluster");
            return Future.succeededFuture();
        }
        String seed = url.seeds().get(at);
        return on(
                        redis,
                        url.of(seed),
                        connection ->
                                connection.send(Request.cmd(Command.CLUSTER).arg("SLOTS")))
                .map(answer -> Slots.parse(Objects.requireNonNull(answer), seed))
                .transform(asked -> {
                    if (asked.failed()) {
                        found(
                                "warning",
                                "node " + seed + " does not tell of the cluster: "
                                        + diagnosis(String.valueOf(asked.cause().getMessage())));
                        return examine(redis, url, at + 1);
                    }
                    return examine(redis, url, asked.result());
                });
    }

    private Future<Void> examine(RedisConfig redis, ClusterUrl url, Slots slots) {
        SortedMap<String, Integer> masters = slots.counts();
        Integer nobodys = masters.remove("");
        found("ok", "it is a Redis Cluster of " + masters.size() + " masters");
        if (nobodys != null) {
            found("error", "redis.url: " + nobodys + " slots of the cluster are served by no node");
        }
        Future<Void> all = Future.succeededFuture();
        for (Map.Entry<String, Integer> master : masters.entrySet()) {
            String address = master.getKey();
            all = all.compose(before -> {
                found("ok", "master " + address + " has " + master.getValue() + " slots");
                String probe = Stream.generate(Doctor::probe)
                        .filter(key -> slots.masters().get(Slots.of(key)).equals(address))
                        .findFirst()
                        .orElseThrow();
                return talk(redis, url.of(address), probe).recover(failed -> {
                    found("error", diagnosis(String.valueOf(failed.getMessage())) + ", of master " + address);
                    return Future.succeededFuture();
                });
            });
        }
        return all;
    }

    private static String probe() {
        return "freshet:l:{doctor/doctor/" + UUID.randomUUID() + "}";
    }

    private Future<Void> examine(RedisConfig redis, String address) {
        return talk(redis, address, probe()).recover(failed -> {
            found("error", diagnosis(String.valueOf(failed.getMessage())));
            return Future.succeededFuture();
        });
    }

    private <T> Future<T> on(RedisConfig redis, String address, Function<RedisConnection, Future<T>> what) {
        Redis client = Redis.createClient(vertx, redis.options(address));
        long mostMs = 4 * redis.timeout().toMillis();
        return client.connect()
                .timeout(mostMs, TimeUnit.MILLISECONDS)
                .compose(connection -> what.apply(connection).timeout(mostMs, TimeUnit.MILLISECONDS))
                .eventually(client::close);
    }

    private Future<Void> talk(RedisConfig redis, String address, String probe) {
        return on(redis, address, connection -> denied(redis, connection, probe))
                .compose(commands -> on(redis, address, Permissions::ofTheBus).map(commands::and))
                .compose(denied -> {
                    if (denied.isAll()) {
                        return on(redis, address, connection -> talk(connection, probe));
                    }
                    found("error", "redis.url: " + denied.described());
                    return Future.succeededFuture();
                });
    }

    private Future<Permissions> denied(RedisConfig redis, RedisConnection connection, String probe) {
        boolean retires = !redis.retireAfter().isZero();
        return connection
                .send(Request.cmd(Command.PING))
                .recover(failed -> String.valueOf(failed.getMessage()).startsWith("NOPERM")
                        ? Future.succeededFuture()
                        : Future.failedFuture(failed))
                .compose(pong -> {
                    found("ok", "Redis answers, and takes the password");
                    return Permissions.ofCommands(
                            connection, probe, redis.cluster().isPresent(), retires);
                });
    }

    private Future<Void> talk(RedisConnection connection, String probe) {
        found("ok", "the user may do what Freshet needs");
        return connection
                .send(Request.cmd(Command.INFO))
                .compose(info -> {
                    describe(fields(info));
                    return connection.send(Request.cmd(Command.EVAL)
                            .arg(PROBE)
                            .arg(1)
                            .arg(probe)
                            .arg("probe"));
                })
                .compose(written -> {
                    found("ok", "a script writes and reads");
                    return connection.send(Request.cmd(Command.PUBLISH)
                            .arg("freshet:doctor:bus")
                            .arg("probe"));
                })
                .map(published -> {
                    found("ok", "the bus takes messages");
                    return null;
                });
    }

    private static Map<String, String> fields(@Nullable Response info) {
        Map<String, String> fields = new TreeMap<>();
        String text = info == null ? "" : info.toString();
        text.lines()
                .filter(line -> line.indexOf(':') > 0)
                .forEach(line -> fields.put(
                        line.substring(0, line.indexOf(':')),
                        line.substring(line.indexOf(':') + 1).strip()));
        return fields;
    }

    private void describe(Map<String, String> info) {
        String version = info.getOrDefault("redis_version", "0.0");
        String[] parts = (version + ".0").split("\\.", -1);
        boolean old = 100 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]) < VERSION_MIN;
        found(old ? "error" : "ok", "its version is " + version + (old ? ": 6.2 or newer is needed" : ""));
        String policy = info.getOrDefault("maxmemory_policy", "");
        if (policy.startsWith("allkeys")) {
            found("warning", "maxmemory-policy " + policy + " evicts control keys, too: volatile-lru does not");
        }
        if (info.getOrDefault("role", "master").equals("slave")) {
            found("warning", "it is a replica of " + info.get("master_host") + ":" + info.get("master_port"));
        }
    }

    /* What Redis says begins with a word that tells the case. Nothing of the URL is repeated: it may hold a password. */
    private static String diagnosis(String said) {
        String word = said.split("[ :]", -1)[0];
        return switch (word) {
            case "WRONGPASS" -> "redis.url: the user or the password is wrong (" + said + ")";
            case "NOAUTH" -> "redis.url: Redis wants a password, and there is none (" + said + ")";
            case "NOPERM" -> "redis.url: the user may not do what Freshet needs (" + said + "): see conf/redis.acl";
            case "READONLY" -> "redis.url: this Redis is read-only: give the address of the master (" + said + ")";
            case "NOREPLICAS" -> "redis.url: Redis takes no writes while it has no replicas (" + said + ")";
            case "MOVED" ->
                "redis.url: this Redis is a node of a cluster: redis+cluster://host[:port],… names it as one (" + said
                        + ")";
            case "LOADING" -> "redis.url: Redis is still starting (" + said + ")";
            default ->
                said.contains("READONLY")
                        ? "redis.url: this Redis is read-only: give the address of the master (" + said + ")"
                        : "redis.url: Redis does not answer there (" + said + ")";
        };
    }
}
