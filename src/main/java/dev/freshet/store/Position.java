package dev.freshet.store;

/**
 * Where a replica stands.
 *
 * @param replica differs for each process, also after a restart
 * @param epoch of the applied stamp, empty before the first beat
 * @param applied the stamp up to which it has applied everything
 * @param windowMs how long it may serve from its near cache after this beat
 */
public record Position(String replica, String epoch, long applied, long windowMs) {}
