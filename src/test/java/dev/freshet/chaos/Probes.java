package dev.freshet.chaos;

import java.util.ArrayList;
import java.util.List;

/** Entries that are written by each replica in turn, as fast as it answers, and looked for afterwards. */
final class Probes implements AutoCloseable {
    private static final String ENTRIES = Client.APP + "/deployments/probes/entries/";

    private final List<Connection> writing = new ArrayList<>();
    private final List<Connection> reading = new ArrayList<>();
    private final List<String> stored = new ArrayList<>();
    private final Thread thread;
    private volatile boolean over;

    /**
     * Begins to write.
     *
     * @param name differs from all others of the run
     */
    Probes(Site site, History history, String name) {
        site.replicas().forEach(replica -> {
            writing.add(new Connection(replica.port(), history));
            reading.add(new Connection(replica.port(), history));
        });
        thread = Thread.ofPlatform().daemon().start(() -> write(name));
    }

    private void write(String name) {
        for (int i = 0; !over; i++) {
            String key = name + "-" + i;
            int status = writing.get(i % writing.size())
                    .ask("PUT", ENTRIES + key, "Freshet-Lifetime: expire=600\r\n", key)
                    .status();
            if (status == 201) {
                stored.add(key);
            }
        }
    }

    /** Ends the writing, and returns how many writes were acknowledged. */
    int end() {
        over = true;
        Load.await(List.of(thread));
        return stored.size();
    }

    /** Those that were acknowledged, and are not there by another replica than the one that wrote them. */
    List<String> lost() {
        List<String> lost = new ArrayList<>();
        for (String key : stored) {
            int writer = Integer.parseInt(key.substring(key.lastIndexOf('-') + 1)) % reading.size();
            Connection.Answer found = reading.get((writer + 1) % reading.size()).ask("GET", ENTRIES + key, "", "");
            if (found.status() != 200 || !found.body().equals(key)) {
                lost.add(key + " " + found.status());
            }
        }
        return lost;
    }

    @Override
    public void close() {
        end();
        writing.forEach(Connection::close);
        reading.forEach(Connection::close);
    }
}
