package dev.freshet.gateway;

/**
 * Where a replica stands with an app.
 *
 * @param place up to which it has applied everything
 * @param floor below which marks were forgotten
 * @param coherent whether every acknowledged invalidation is within the place, and every write is heard
 * @param windowMs how long it may trust that, 0 if it is not coherent
 */
public record Standing(Place place, long floor, boolean coherent, long windowMs) {}
