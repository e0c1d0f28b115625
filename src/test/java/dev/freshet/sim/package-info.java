/** The real replicas on virtual time, over a model of Redis, under faults, with a checker of what they promise. */
package dev.freshet.sim;
