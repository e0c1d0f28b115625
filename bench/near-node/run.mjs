// @ts-check
/**
 * What does a get of the adapter cost that its near cache answers, beside one that the gateway does?
 *
 *     node bench/near-node/run.mjs [gets]
 *
 * Wants target/freshet.jar and a JDK 25 (JAVA_HOME). One caller, one entry of 10 KiB with 5 tags and 5
 * soft tags; each get is taken apart from `get` to the entry, without reading its stream.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import handler from '../../src/main/js/components.js';
import { counts } from '../../src/main/js/report.js';

const GETS = Number(process.argv[2] ?? 100_000);
const PORT = 18486;
const READY_MS = 60_000;
const repository = path.resolve(import.meta.dirname, '../..');
const java = process.env.JAVA_HOME ? path.join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
const SOFT_TAGS = ['_N_T_/layout', '_N_T_/a/layout', '_N_T_/a/b/layout', '_N_T_/a/b/page', '_N_T_/a/b'];

const gateway = spawn(java, ['-jar', path.join(repository, 'target/freshet.jar')], {
  env: {
    ...process.env,
    FRESHET_LISTEN: `127.0.0.1:${PORT}`,
    FRESHET_ADMIN_LISTEN: `127.0.0.1:${PORT + 1}`,
  },
  stdio: 'ignore',
});
Object.assign(process.env, {
  FRESHET_URL: `http://127.0.0.1:${PORT}`,
  NEXT_DEPLOYMENT_ID: 'bench',
});

const get = () => handler.get('["hot",[],["bench"]]', SOFT_TAGS);

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  const deadline = performance.now() + READY_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @param {string} name @param {number} gets */
async function measure(name, gets) {
  const took = new Float64Array(gets);
  const hits = counts['near-hit'] ?? 0;
  for (let i = 0; i < gets; i++) {
    const from = performance.now();
    const found = await get();
    took[i] = (performance.now() - from) * 1_000;
    if (!found) throw new Error('a miss');
    if (i % 100 === 99) await new Promise(setImmediate); // the stream and the clock are heard
  }
  took.sort();
  const at = (/** @type {number} */ share) => took[Math.floor(share * (gets - 1))].toFixed(1);
  const near = (((counts['near-hit'] ?? 0) - hits) / gets) * 100;
  console.log(
    `${name.padEnd(8)} p50 ${at(0.5)} µs  p99 ${at(0.99)} µs  max ${at(1)} µs  near ${near.toFixed(2)} %`,
  );
}

try {
  await until(async () => {
    await get();
    const timestamp = performance.timeOrigin + performance.now();
    const value = new Blob(['x'.repeat(10_240)]).stream();
    const tags = ['a', 'b', 'c', 'd', 'e'];
    const lifetime = { stale: 300, revalidate: 3_600, expire: 86_400 };
    await handler.set('["hot",[],["bench"]]', Promise.resolve({ value, tags, timestamp, ...lifetime }));
    return (await get()) !== undefined;
  });
  await until(async () => {
    const hits = counts['near-hit'];
    await get();
    return (counts['near-hit'] ?? 0) > (hits ?? 0);
  });
  await measure('warm-up', GETS / 5);
  await measure('near', GETS);
  process.env.FRESHET_NEAR_MAX_BYTES = '0';
  await measure('gateway', GETS / 20);
} finally {
  gateway.kill();
}
