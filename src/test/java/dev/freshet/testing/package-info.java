/** What tests of several packages use: processes, ports, tools of the machine, a Redis. */
package dev.freshet.testing;
