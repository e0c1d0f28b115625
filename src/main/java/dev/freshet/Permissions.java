package dev.freshet;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.ResponseType;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * What Redis does not let its user do.
 *
 * @param commands as an ACL names them
 * @param keys whether keys of ours are among it
 * @param channels whether our channels are
 */
record Permissions(TreeSet<String> commands, boolean keys, boolean channels) {
    /*
     * A user of least privilege may not ask what it may do: ACL WHOAMI, GETUSER and DRYRUN are for administrators. So each
     * command is sent in a way that changes nothing. Redis looks first whether there are arguments enough, then
     * who asks, and only then at what they are, which slot it is, and whether it is a standby: whatever it answers but NOPERM is leave. What a script
     * sends is held to the same rules.
     */

    /** What stands for a key that does not exist. */
    private static final String KEY = "?";

    private static final String CHANNEL = "freshet:doctor:bus";

    /** What scripts and replicas send; without what a connection begins with, which Redis lets everybody send. */
    private static final List<String> EVERYWHERE = List.of(
            "ping",
            "info replication",
            "time",
            "eval return(1) 0",
            "evalsha 0000000000000000000000000000000000000000 0",
            "get ?",
            "mget ?",
            "set ? x px none",
            "del ?",
            "unlink ?",
            "pexpire ? 1",
            "pttl ?",
            "hget ? f",
            "hmget ? f",
            "hset ? f v f",
            "hdel ? f",
            "hstrlen ? f",
            "hgetall ?",
            "zadd ? none m",
            "zcard ?",
            "zrange ? 0 0",
            "zrem ? m",
            "zremrangebyscore ? 0 0",
            "zscore ? m",
            "zmscore ? m",
            "zpopmin ?",
            "publish " + CHANNEL + " probe");

    private static final List<String> IN_A_CLUSTER = List.of("cluster slots", "asking");

    /** To find what is to be retired. */
    private static final List<String> TO_RETIRE = List.of("scan 0 count 1");

    /** Sent on a connection of its own. */
    private static final List<String> ON_THE_BUS = List.of("subscribe " + CHANNEL);

    /** Every command that is tried somewhere, as an ACL names it. */
    static TreeSet<String> tried() {
        TreeSet<String> names = new TreeSet<>();
        for (List<String> some : List.of(EVERYWHERE, IN_A_CLUSTER, TO_RETIRE, ON_THE_BUS)) {
            some.forEach(line -> names.add(name(line)));
        }
        return names;
    }

    private static String name(String line) {
        return line.startsWith("cluster ") ? line.replace(' ', '|') : line.split(" ", 2)[0];
    }

    /** Whether nothing is denied. */
    boolean isAll() {
        return commands.isEmpty() && !keys && !channels;
    }

    private String rules() {
        List<String> rules = new ArrayList<>();
        commands.forEach(command -> rules.add("+" + command));
        if (keys) {
            rules.add("~freshet:*");
        }
        if (channels) {
            rules.add("&freshet:*");
        }
        return String.join(" ", rules);
    }

    /** What is denied, and what is to be done. */
    String described() {
        List<String> what = new ArrayList<>();
        if (!commands.isEmpty()) {
            what.add("send "
                    + String.join(", ", commands).toUpperCase(Locale.ROOT).replace('|', ' '));
        }
        if (keys) {
            what.add("use the keys freshet:*");
        }
        if (channels) {
            what.add("use the channels freshet:*");
        }
        return "the user may not " + String.join(", nor ", what) + ": add " + rules()
                + " to its line, as in conf/redis.acl";
    }

    /** The same of two connections. */
    Permissions and(Permissions other) {
        TreeSet<String> both = new TreeSet<>(commands);
        both.addAll(other.commands);
        return new Permissions(both, keys || other.keys, channels || other.channels);
    }

    /**
     * Tries what is sent on a connection for commands. Fails if Redis does not answer.
     *
     * @param key which does not exist, of ours, and in a cluster of the node's
     * @param cluster whether it is one
     * @param retires whether deployments are
     */
    static Future<Permissions> ofCommands(RedisConnection connection, String key, boolean cluster, boolean retires) {
        List<String> lines = new ArrayList<>(EVERYWHERE);
        lines.addAll(cluster ? IN_A_CLUSTER : List.of());
        lines.addAll(retires ? TO_RETIRE : List.of());
        Map<String, Future<String>> answers = new LinkedHashMap<>();
        for (String line : lines) {
            String[] words = line.split(" ", -1);
            Request request = Request.cmd(Command.create(words[0]));
            List.of(words).subList(1, words.length).forEach(word -> request.arg(word.equals(KEY) ? key : word));
            answers.put(name(line), denial(connection.send(request).map("")));
        }
        return Future.all(List.copyOf(answers.values())).map(all -> {
            Permissions denied = new Permissions(new TreeSet<>(), false, false);
            for (Map.Entry<String, Future<String>> answer : answers.entrySet()) {
                denied = denied.and(of(answer.getKey(), answer.getValue().result()));
            }
            return denied;
        });
    }

    /** The same of one for the bus, which is good for nothing else afterwards. */
    static Future<Permissions> ofTheBus(RedisConnection connection) {
        Promise<String> told = Promise.promise();
        connection.handler(push -> told.tryComplete(push.type() == ResponseType.ERROR ? push.toString() : ""));
        connection.exceptionHandler(told::tryFail);
        connection.endHandler(ended -> told.tryFail("the connection ended"));
        connection.send(Request.cmd(Command.SUBSCRIBE).arg(CHANNEL)).onFailure(told::tryFail);
        return denial(told.future()).map(said -> of(name(ON_THE_BUS.getFirst()), said));
    }

    /* What Redis says of it, empty if it lets it be sent. */
    private static Future<String> denial(Future<String> answer) {
        return answer.recover(failed -> failed instanceof ErrorType
                ? Future.succeededFuture(String.valueOf(failed.getMessage()))
                : Future.failedFuture(failed));
    }

    private static Permissions of(String command, String said) {
        TreeSet<String> commands = new TreeSet<>();
        boolean denied = said.startsWith("NOPERM");
        boolean isCommand = denied && said.contains("run the");
        if (isCommand) {
            commands.add(command);
        }
        boolean isChannel = denied && !isCommand && said.contains("channel");
        return new Permissions(commands, denied && !isCommand && !isChannel, isChannel);
    }
}
