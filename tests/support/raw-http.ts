/** HTTP byte by byte, for what no client library would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection to a server's address. */
export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** Sends the lines as one request that closes its connection. @returns all that came back, as text */
export async function sendRaw(url: string, lines: readonly string[]): Promise<string> {
  const socket = await openSocket(url);
  const { host } = new URL(url);
  const [request, ...fields] = lines;
  socket.write([request, `Host: ${host}`, 'Connection: close', ...fields, '', ''].join('\r\n'), 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
