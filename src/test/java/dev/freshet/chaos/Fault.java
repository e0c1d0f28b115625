package dev.freshet.chaos;

/** What the nemesis does. */
enum Fault {
    /** SIGSTOP of a replica, and SIGCONT. */
    REPLICA_FREEZE,
    /** kill -9 of a replica, and a start. */
    REPLICA_KILL,
    /** The wall clock of a replica jumps, and then runs at another rate. */
    CLOCK_SHIFT,
    /** SIGSTOP of Redis, and SIGCONT. */
    REDIS_FREEZE,
    /** kill -9 of Redis, and a start with all it held. */
    REDIS_KEPT,
    /** kill -9 of Redis, and a start with all it held but the latest. */
    REDIS_TORN,
    /** kill -9 of Redis, and a start with nothing. */
    REDIS_EMPTY,
    /** A replica's connections to Redis are reset, and may be made again at once. */
    LINK_RESET,
    /** The same, and new ones are refused. */
    LINK_REFUSED,
    /** A replica's connections to Redis stay, and nothing arrives in one direction or both. */
    LINK_HALF_OPEN,
    /** Everything between a replica and Redis comes late. */
    LINK_LATE,
    /** Between a replica and Redis there is little bandwidth. */
    LINK_NARROW,
    /** As LINK_HALF_OPEN, for commands only: the bus is heard. */
    COMMANDS_HALF_OPEN,
    /** The bus connection of a replica is reset, and each that follows it. */
    BUS_CUT,
    /** The bus connection of a replica stays, and nothing arrives. */
    BUS_HALF_OPEN
}
