export { emit, onEvent, type Event, type Listener } from './events.js';
