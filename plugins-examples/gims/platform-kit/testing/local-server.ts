/** A server on this machine that answers as a platform would. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
  /** The body: JSON read, anything else as text. */
  readonly body: ReturnType<typeof JSON.parse>;
};

export type Reply = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type LocalServer = {
  /** Scheme, host and port. */
  readonly url: string;
  /** `METHOD /path` of each request, oldest first. */
  readonly requests: string[];
  /** Replies that come before all others: the first that answers takes the request, and is used up. */
  readonly scripted: ((asked: Asked) => Reply | undefined)[];
  close(): Promise<void>;
};

/** Longer than any client keeps a connection, so that no request meets one that is just closing. */
const KEPT_MS = 75_000;

export async function startLocalServer(
  answer: (asked: Asked) => Reply | Promise<Reply>,
): Promise<LocalServer> {
  const requests: string[] = [];
  const scripted: LocalServer['scripted'] = [];
  const server = createServer({ keepAliveTimeout: KEPT_MS }, async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const asked = readRequest(request, Buffer.concat(parts).toString('utf8'));
    requests.push(`${asked.method} ${asked.path}`);
    const { status, body, headers } = takeScripted(scripted, asked) ?? (await answer(asked));
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    scripted,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

function readRequest({ method = 'GET', url = '/', headers }: IncomingMessage, text: string): Asked {
  const { pathname, searchParams } = new URL(url, 'http://local.invalid');
  const path = decodeURIComponent(pathname);
  return {
    method,
    path,
    query: searchParams,
    authorization: headers.authorization ?? '',
    body: parseOrText(text),
  };
}

function takeScripted(scripted: LocalServer['scripted'], asked: Asked): Reply | undefined {
  for (const [index, answer] of scripted.entries()) {
    const reply = answer(asked);
    if (!reply) continue;
    scripted.splice(index, 1);
    return reply;
  }
  return undefined;
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
