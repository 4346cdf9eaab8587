/** HTTP as one caller speaks it: an address, perhaps a token, and answers read whole. */

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON, or null where it is none; untyped, because each test knows what it asked for. */
  readonly json: ReturnType<typeof JSON.parse>;
};

export class HttpClient {
  readonly url: string;
  readonly token: string | null;

  constructor(url: string, token: string | null) {
    this.url = url;
    this.token = token;
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.send('GET', path, headers ? { headers } : {});
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.sendJson('POST', path, body);
  }

  put(path: string, body?: unknown): Promise<Answer> {
    return this.sendJson('PUT', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path);
  }

  sendJson(method: string, path: string, body?: unknown): Promise<Answer> {
    if (body === undefined) return this.send(method, path);
    const headers = { 'content-type': 'application/json' };
    return this.send(method, path, { headers, body: JSON.stringify(body) });
  }

  async send(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (this.token !== null && !headers.has('authorization'))
      headers.set('authorization', `Bearer ${this.token}`);
    const response = await fetch(this.url + path, { redirect: 'manual', ...init, method, headers });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString('utf8');
    return { status: response.status, headers: response.headers, bytes, text, json: parseOrNull(text) };
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
