package dev.freshet.redis;

import dev.freshet.entry.Key;

/** What everything is called in Redis. The braces are the cluster's hash tag: what they enclose alike is on one node. */
final class Names {
    private Names() {}

    static String entry(Key key) {
        return "freshet:e:{" + path(key) + "}";
    }

    static String lease(Key key) {
        return "freshet:l:{" + path(key) + "}";
    }

    static String clock(String app) {
        return "freshet:{" + app + "}:clock";
    }

    static String tags(String app) {
        return "freshet:{" + app + "}:tags";
    }

    static String marks(String app) {
        return "freshet:{" + app + "}:marks";
    }

    static String live(String app) {
        return "freshet:{" + app + "}:live";
    }

    static String acks(String app) {
        return "freshet:{" + app + "}:acks";
    }

    static String later(String app) {
        return "freshet:{" + app + "}:later";
    }

    static String away(String app) {
        return "freshet:{" + app + "}:away";
    }

    static String deployments(String app) {
        return "freshet:{" + app + "}:deployments";
    }

    static String retiring(String app) {
        return "freshet:{" + app + "}:retiring";
    }

    /** What the entries of a deployment match, as SCAN has it: no name of an app or a deployment has a character that means more. */
    static String entries(String app, String deployment) {
        return "freshet:e:{" + app + "/" + deployment + "/*";
    }

    static String bus(String app) {
        return "freshet:{" + app + "}:bus";
    }

    /** The channel on which a replica hears its own beats. */
    static String echo(String app, String replica) {
        return bus(app) + ":" + replica;
    }

    /** What Redis calls the type of what Freshet keeps at a key. */
    static String type(String key) {
        if (key.startsWith("freshet:l:") || key.endsWith("}:retiring")) {
            return "string";
        }
        return key.startsWith("freshet:e:") || key.endsWith("}:clock") || key.endsWith("}:marks") ? "hash" : "zset";
    }

    /** How the bus names a key whose app is the channel's. */
    static String onBus(Key key) {
        return key.deployment() + " " + key.digest();
    }

    private static String path(Key key) {
        return key.app() + "/" + key.deployment() + "/" + key.digest();
    }
}
