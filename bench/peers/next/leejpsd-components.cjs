const { createCacheComponentsHandler } = require('@leejpsd/nextjs-cache-handler/cache-components');

module.exports = createCacheComponentsHandler({
  client: { type: 'ioredis', url: process.env.REDIS_URL },
  buildNamespace: process.env.DEPLOYMENT_VERSION,
  abortTimeoutMs: 1500,
  singleFlight: true,
  tagPubSub: true,
});
