import { lang } from './lang.js';
import { fetched } from './cached.js';

export async function localized(key) {
  return `${await lang()}: ${await fetched(key)}`;
}
