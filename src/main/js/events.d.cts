export { onEvent, type Event, type Listener } from './events.js';
