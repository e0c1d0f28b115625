// @ts-check
/** What happens, told to who would know. */
export { emit, onEvent } from './events.cjs';
