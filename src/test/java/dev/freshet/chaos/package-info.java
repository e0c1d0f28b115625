/**
 * A checker on real processes: replicas and a Redis under random faults, clients that write down what they asked and were told,
 * and an offline judge of what they wrote.
 */
package dev.freshet.chaos;
