/** The server's own API, for what the command has no verb for. */
import { Fault } from '../spec/refusal.ts';
import type { Screen } from './screen.ts';
import type { ServedAt } from './server-process.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Sends one request as the administrator, shows it, and wants an answer of 2xx. */
export type Api = (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => Promise<Json>;

export function createApi(screen: Screen, { url, token }: ServedAt): Api {
  return (method, path, body) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return screen.step(`${method} ${path}${text ? ` ${text}` : ''}`, async () => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${url}${path}`, { method, headers, ...(text ? { body: text } : {}) });
      const answer = await response.text();
      if (!response.ok) throw new Fault(`it answered ${response.status}: ${answer}`);
      return (answer === '' ? {} : JSON.parse(answer)) as Json;
    });
  };
}
