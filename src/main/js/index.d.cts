import components = require('./components.cjs');
import Incremental = require('./incremental.cjs');

export { components, Incremental };
export { onEvent, type Event, type Listener } from './events.cjs';
