// Node's own http over Redis by ioredis, with what its documentation recommends for throughput: node ioredis.mjs PORT REDIS_PORT FOLDER
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const [port, redisPort, folder] = process.argv.slice(2);
const { Redis } = createRequire(path.resolve(folder, 'any.js'))('ioredis');
const redis = new Redis({ host: '127.0.0.1', port: Number(redisPort), enableAutoPipelining: true });
createServer(async (request, response) => {
  const body = await redis.getBuffer(request.url.slice(1));
  if (body) {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
    response.end(body);
  } else {
    response.writeHead(404).end();
  }
}).listen(Number(port), '127.0.0.1');
