const { createIncrementalCacheHandler } = require('@leejpsd/nextjs-cache-handler/incremental');

module.exports = createIncrementalCacheHandler({
  client: { type: 'ioredis', url: process.env.REDIS_URL },
  buildNamespace: process.env.DEPLOYMENT_VERSION,
  abortTimeoutMs: 1500,
});
