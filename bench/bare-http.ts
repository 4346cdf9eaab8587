/**
 * The same sum on Node's HTTP server alone, without Hono: how much room there is above the reference, whatever stands
 * behind the HTTP server. `POST /sum`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { numbers } = JSON.parse(Buffer.concat(chunks).toString()) as { numbers: number[] };
    const body = JSON.stringify({ sum: numbers.reduce((total, number) => total + number, 0) });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.once('SIGTERM', () => server.close());
