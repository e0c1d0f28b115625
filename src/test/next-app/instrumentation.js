import { onEvent } from 'freshet-next/events';

/** Says what happens to values, but for hits: who reads why a test failed has the end of it. */
export function register() {
  onEvent((event) => event.type !== 'hit' && console.log(Date.now(), JSON.stringify(event)));
}
