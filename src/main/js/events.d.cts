/**
 * What happens in this process. Keys hold user data, so an entry goes by its digest: SHA-256 of
 * the key, as the gateway knows it.
 */
export type Event =
  /** An entry was read, and is fresh. `near`: from this process, without a call for it. */
  | { type: 'hit'; digest: string; near: boolean; age: number }
  /** It is stale; `leader` refreshes it, `follower` is served what another refreshes. */
  | {
      type: 'stale';
      digest: string;
      reason: 'time' | 'tag' | 'early';
      role: 'leader' | 'follower' | undefined;
      age: number;
    }
  /** There is none that may be served, or (`reached: false`) no gateway answered. */
  | { type: 'miss'; digest: string; reached: boolean }
  /** An entry was written, or refused with this status; 0: no gateway answered. */
  | { type: 'write'; digest: string; status: number; bytes: number }
  /** No replica will serve what it ended. */
  | { type: 'invalidated'; tags: readonly string[]; mode: 'hard' | 'soft'; stamp: string }
  /** Not yet: it is tried again until it is, unless `lost`. */
  | {
      type: 'invalidation-failed';
      tags: readonly string[];
      mode: 'hard' | 'soft';
      error: string;
      lost: boolean;
    }
  /** An address is not asked for a while, for it failed; and asked again. */
  | { type: 'breaker-open'; address: string; error: string }
  | { type: 'breaker-closed'; address: string }
  /** Copies are not trusted until the event stream is back. */
  | { type: 'stream-lost' | 'stream-back'; address: string }
  /** The gateway does not accept the token. */
  | { type: 'refused'; address: string; status: number };

export type Listener = (event: Event) => void;

/**
 * Calls back with each event of this process, from now on; returns what ends it. At most 64
 * listeners. What one throws is ignored.
 */
export declare function onEvent(listener: Listener): () => void;

/** @internal For this package to tell one. */
export declare function emit(event: Event): void;
