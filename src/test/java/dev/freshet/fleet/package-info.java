/** A fleet as it is run: Next.js processes, gateway replicas and a Redis, each a process of its own. */
package dev.freshet.fleet;
