/** The same for require(). */
import { components, Incremental, onEvent, type Event } from 'freshet-next';
import required = require('freshet-next/components');
import IncrementalRequired = require('freshet-next/incremental');
import events = require('freshet-next/events');
import otel = require('freshet-next/otel');

export const handlers = [components, required];
export const incrementals = [new Incremental({}), new IncrementalRequired({})];
export const ends: (() => void)[] = [
  onEvent((event: Event) => event.type),
  events.onEvent(() => {}),
  otel.register(),
];
