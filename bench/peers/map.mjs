// Node's own http over a Map of buffers: node map.mjs PORT BYTES
import { createServer } from 'node:http';

const [port, bytes] = process.argv.slice(2).map(Number);
const entries = new Map([['/entry', Buffer.alloc(bytes, 'x')]]);
createServer((request, response) => {
  const body = entries.get(request.url);
  if (body) {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
    response.end(body);
  } else {
    response.writeHead(404).end();
  }
}).listen(port, '127.0.0.1');
