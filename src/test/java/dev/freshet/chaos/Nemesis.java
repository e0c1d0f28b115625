package dev.freshet.chaos;

import dev.freshet.chaos.FaultProxy.Rule;
import dev.freshet.chaos.FaultProxy.Way;
import dev.freshet.chaos.FaultProxy.Which;
import dev.freshet.chaos.Operation.Kind;
import dev.freshet.chaos.Site.Replica;
import dev.freshet.testing.GatewayProcess;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Harms the site at random, by a seed, and mends what it harmed. Each fault is written down. */
final class Nemesis {
    private static final int LONG_MS_MAX = 5_000;
    private static final int SHORT_MS_MAX = 3_000;
    private static final int LEAST_MS = 100;

    private final Site site;
    private final History history;
    private final Random random;

    /** What comes next: every kind once, in random order, and then again. */
    private final Deque<Fault> deck = new ArrayDeque<>();

    private int faults;

    /**
     * A fault that lasts.
     *
     * @param target what it harms, so that two at a time do not harm the same
     */
    private record Harm(Fault fault, String target, int ms, String detail, Runnable end) {}

    Nemesis(Site site, History history, long seed) {
        this.site = site;
        this.history = history;
        this.random = new Random(seed);
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
            if (site.clock().isEmpty()) {
                all.remove(Fault.CLOCK_SHIFT);
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
            case REPLICA_KILL -> killed(fault, replica);
            case CLOCK_SHIFT -> shifted(fault, site.clock().orElseThrow());
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
            case LINK_RESET,
                    LINK_REFUSED,
                    LINK_HALF_OPEN,
                    LINK_LATE,
                    LINK_NARROW,
                    COMMANDS_HALF_OPEN,
                    BUS_CUT,
                    BUS_HALF_OPEN -> beginOnLink(fault, replica);
        };
    }

    private Harm beginOnLink(Fault fault, Replica replica) {
        return switch (fault) {
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
            default -> throw new IllegalArgumentException(fault + " is not of a link");
        };
    }

    private Harm killed(Fault fault, Replica replica) {
        GatewayProcess process = replica.process();
        process.kill();
        return new Harm(fault, replica.name(), random.nextInt(1_500), "", () -> {
            process.restart();
            site.warmUp(replica, history);
        });
    }

    /* It jumps, and goes on at another rate for as long as the fault lasts. */
    private Harm shifted(Fault fault, ShiftedClock clock) {
        int seconds = random.nextInt(7_200) - 3_600;
        double rate = random.nextDouble() / 5 - 0.1;
        clock.jump(seconds);
        clock.drift(rate);
        String detail = String.format(Locale.ROOT, "%d s, %.3f s a second", seconds, rate);
        return new Harm(fault, Site.name(ShiftedClock.REPLICA), ms(LONG_MS_MAX), detail, () -> clock.drift(0));
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
