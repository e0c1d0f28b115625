package dev.freshet.store;

/**
 * Where a replica stands.
 *
 * @param replica differs for each process, also after a restart
 * @param epoch of the applied stamp, empty before the first beat
 * @param applied the stamp up to which it has applied everything
 * @param beat the number of the beat that says so, 1 and up
 */
public record Position(String replica, String epoch, long applied, long beat) {}
