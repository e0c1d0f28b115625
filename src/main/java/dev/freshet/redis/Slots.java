package dev.freshet.redis;

import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.ZModem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node of a Redis Cluster says of who has which slots: the answer of CLUSTER SLOTS, which Redis 6.2 and all newer ones know.
 *
 * @param masters as {@code host:port}, by slot; an empty one where the slot is nobody's
 */
public record Slots(List<String> masters) {
    /** How many slots a cluster has. */
    static final int ALL = 16_384;

    /** The slot of a key: of what stands between its braces. */
    public static int of(String key) {
        return ZModem.generate(key);
    }

    /**
     * Reads an answer.
     *
     * @param asked the node that gave it, as {@code host:port}: a node may not know, or not tell, what it is called itself
     */
    public static Slots parse(Response answer, String asked) {
        List<String> masters = new ArrayList<>(Collections.nCopies(ALL, ""));
        for (Response range : answer) {
            Response master = range.get(2);
            Response host = master.get(0);
            String name = host == null ? "" : host.toString();
            String address = address(name, number(master, 1), asked);
            for (int slot = number(range, 0); slot <= number(range, 1); slot++) {
                masters.set(slot, address);
            }
        }
        return new Slots(List.copyOf(masters));
    }

    private static int number(Response list, int at) {
        return Integer.parseInt(String.valueOf(list.get(at)));
    }

    /** What {@code host:port} it is that a node names. */
    static String address(String host, int port, String asked) {
        if (host.isEmpty() || host.equals("?")) {
            return asked.substring(0, asked.lastIndexOf(':')) + ":" + port;
        }
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** How many masters of an earlier answer have no slots any more. */
    long replaced(Slots before) {
        Set<String> now = counts().keySet();
        return before.counts().keySet().stream()
                .filter(master -> !master.isEmpty() && !now.contains(master))
                .count();
    }

    /** How many slots each master has; of an empty name, how many are nobody's. */
    public SortedMap<String, Integer> counts() {
        SortedMap<String, Integer> counts = new TreeMap<>();
        masters.forEach(master -> counts.merge(master, 1, Integer::sum));
        return counts;
    }
}
