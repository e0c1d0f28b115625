// @ts-check
export { default as components } from './components.js';
export { default as Incremental } from './incremental.js';
export { onEvent } from './events.cjs';
export { counts } from './report.js';
