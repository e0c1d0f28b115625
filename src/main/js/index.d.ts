import components from './components.js';
import Incremental from './incremental.js';

export { components, Incremental };
export { onEvent, type Event, type Listener } from './events.cjs';

/** How often things went otherwise than wished in this process, by name. ESM only. */
export declare const counts: Record<string, number>;
