// @ts-check
export { register } from './otel.cjs';
