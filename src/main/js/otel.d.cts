export { register } from './otel.js';
