import { type Event, onEvent } from 'freshet-next/events';
import { register as metrics } from 'freshet-next/otel';

export function register() {
  metrics();
  return onEvent((event: Event) => {
    switch (event.type) {
      case 'hit':
        return console.log(event.digest, event.near, event.age.toFixed(1));
      case 'invalidation-failed':
        return console.error(event.tags.join(), event.error, event.lost);
      case 'breaker-open':
        // @ts-expect-error -- an address has no digest
        return console.log(event.address, event.digest);
    }
  });
}
