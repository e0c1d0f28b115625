// @ts-check
/** Makes a test's changes of the environment count at once: the adapter reads its settings once. */
import { lookAgain } from '../../../main/js/config.js';

process.env = new Proxy(process.env, {
  set(env, name, value) {
    lookAgain();
    return Reflect.set(env, name, value);
  },
  deleteProperty(env, name) {
    lookAgain();
    return Reflect.deleteProperty(env, name);
  },
});
