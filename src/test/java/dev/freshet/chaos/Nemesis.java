package dev.freshet.chaos;

import dev.freshet.chaos.FaultProxy.Rule;
import dev.freshet.chaos.FaultProxy.Way;
import dev.freshet.chaos.FaultProxy.Which;
import dev.freshet.chaos.Operation.Kind;
import dev.freshet.chaos.Site.Replica;
import dev.freshet.testing.GatewayProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Harms the site at random, by a seed, and mends what it harmed. Each fault is written down. */
final class Nemesis {
    private static final List<Map<String, String>> CLOCKS = List.of(
            Map.of("FAKETIME", "-7s"),
            Map.of("FAKETIME", "+3600s"),
            Map.of("FAKETIME", "+0 x1.05"),
            Map.of("FAKETIME", "+0 x0.95"));
    private static final int LONG_MS_MAX = 5_000;
    private static final int SHORT_MS_MAX = 3_000;
    private static final int LEAST_MS = 100;

    private final Site site;
    private final History history;
    private final Random random;
    private final Optional<Path> fakeTime;

    /** What comes next: every kind once, in random order, and then again. */
    private final Deque<Fault> deck = new ArrayDeque<>();

    private int faults;

    /**
     * A fault that lasts.
     *
     * @param target what it harms, so that two at a time do not harm the same
     */
    private record Harm(Fault fault, String target, int ms, String detail, Runnable end) {}

    Nemesis(Site site, History history, long seed, Optional<Path> fakeTime) {
        this.site = site;
        this.history = history;
        this.random = new Random(seed);
        this.fakeTime = fakeTime;
    }

    /** How many faults there were. */
    int faults() {
        return faults;
    }

    /** Waits a while, and then has one fault, or two at a time of which the second ends first. */
    void round() {
        pause(random.nextInt(600));
        Fault first = next();
        Fault second = random.nextInt(10) < 3 ? next() : first;
        boolean two = second != first && !(isOfRedis(first) && isOfRedis(second));
        if (second != first && !two) {
            deck.addFirst(second);
        }
        int replica = random.nextInt(Site.REPLICAS);
        harm(first, replica, two ? () -> harm(second, (replica + 1) % Site.REPLICAS, () -> {}) : () -> {});
    }

    private static boolean isOfRedis(Fault fault) {
        return fault.name().startsWith("REDIS");
    }

    private Fault next() {
        if (deck.isEmpty()) {
            List<Fault> all = new ArrayList<>(List.of(Fault.values()));
            if (fakeTime.isEmpty()) {
                all.remove(Fault.REPLICA_CLOCK);
            }
            Collections.shuffle(all, random);
            deck.addAll(all);
        }
        return deck.remove();
    }

    private void harm(Fault fault, int number, Runnable meanwhile) {
        Replica replica = site.replicas().get(number);
        long start = history.now();
        Harm harm = begin(fault, replica);
        meanwhile.run();
        pause(harm.ms);
        harm.end.run();
        faults++;
        history.add(
                new Operation(Kind.FAULT, start, history.now(), harm.target, fault.name(), "", 0, 0, 0, harm.detail));
    }

    private Harm begin(Fault fault, Replica replica) {
        return switch (fault) {
            case REPLICA_FREEZE -> {
                replica.process().freeze();
                yield new Harm(fault, replica.name(), ms(LONG_MS_MAX), "", replica.process()::thaw);
            }
            case REPLICA_KILL -> killed(fault, replica, Map.of());
            case REPLICA_CLOCK -> killed(fault, replica, CLOCKS.get(random.nextInt(CLOCKS.size())));
            case REDIS_FREEZE -> {
                site.redis().freeze();
                yield new Harm(fault, "redis", ms(SHORT_MS_MAX), "", site.redis()::thaw);
            }
            case REDIS_KEPT -> redisKilled(fault, "", () -> {});
            case REDIS_TORN -> {
                int bytes = 1_000 + random.nextInt(300_000);
                yield redisKilled(fault, bytes + " bytes", () -> site.tearRedis(bytes));
            }
            case REDIS_EMPTY -> redisKilled(fault, "", site::emptyRedis);
            case LINK_RESET -> {
                replica.proxy().cut(Which.ALL);
                yield new Harm(fault, replica.name(), 0, "", () -> {});
            }
            case LINK_REFUSED -> {
                replica.proxy().refuse();
                replica.proxy().cut(Which.ALL);
                yield new Harm(fault, replica.name(), ms(LONG_MS_MAX), "", replica.proxy()::accept);
            }
            case LINK_HALF_OPEN ->
                halfOpen(fault, replica, Which.ALL, Way.values()[random.nextInt(Way.values().length)]);
            case LINK_LATE -> {
                Duration delay = Duration.ofMillis(random.nextInt(200));
                yield ruled(fault, replica, Rule.late(Which.ALL, delay, Duration.ofMillis(random.nextInt(200))));
            }
            case LINK_NARROW -> ruled(fault, replica, Rule.narrow(Which.ALL, 1_000 + random.nextInt(30_000)));
            case COMMANDS_HALF_OPEN -> halfOpen(fault, replica, Which.COMMANDS, Way.BOTH);
            case BUS_CUT -> ruled(fault, replica, Rule.severed(Which.BUS));
            case BUS_HALF_OPEN -> halfOpen(fault, replica, Which.BUS, Way.TO_CLIENT);
        };
    }

    private Harm killed(Fault fault, Replica replica, Map<String, String> clock) {
        GatewayProcess process = replica.process();
        process.kill();
        Map<String, String> environment = clock.isEmpty()
                ? Map.of()
                : Map.of(
                        "LD_PRELOAD",
                        fakeTime.orElseThrow().toString(),
                        "FAKETIME",
                        clock.get("FAKETIME"),
                        "DONT_FAKE_MONOTONIC",
                        "1");
        return new Harm(fault, replica.name(), random.nextInt(1_500), clock.getOrDefault("FAKETIME", ""), () -> {
            process.restart(environment);
            site.warmUp(replica, history);
        });
    }

    private Harm redisKilled(Fault fault, String detail, Runnable whileDead) {
        site.redis().kill();
        whileDead.run();
        return new Harm(fault, "redis", random.nextInt(2_500), detail, site.redis()::restart);
    }

    /* Half of the time what was held comes late, half of the time never. */
    private Harm halfOpen(Fault fault, Replica replica, Which which, Way way) {
        FaultProxy proxy = replica.proxy();
        proxy.rule(Rule.held(which, way));
        boolean lost = random.nextBoolean();
        return new Harm(fault, replica.name(), ms(LONG_MS_MAX), way + (lost ? " lost" : " late"), () -> {
            if (lost) {
                proxy.cut(which);
            }
            proxy.rule(Rule.PASS);
        });
    }

    private Harm ruled(Fault fault, Replica replica, Rule rule) {
        replica.proxy().rule(rule);
        return new Harm(
                fault,
                replica.name(),
                ms(LONG_MS_MAX),
                rule.toString(),
                () -> replica.proxy().rule(Rule.PASS));
    }

    /* More often short than long. */
    private int ms(int max) {
        return LEAST_MS + (int) ((max - LEAST_MS) * Math.pow(random.nextDouble(), 2));
    }

    private static void pause(int ms) {
        try {
            TimeUnit.MILLISECONDS.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
