/** What verbs of an organization have in common that list, show or change its things by their path. */
import type { JsonObject, JsonValue } from '../spec/json.ts';
import { openClient, type ApiClient } from './api-client.ts';
import { requireOrg, type ServerOptions } from './credentials.ts';
import type { Io } from './io.ts';
import { orgPath } from './plugin-path.ts';
import type { Report } from './report.ts';
import { done } from './server-verb.ts';

type Listing = {
  /** Below the organization. */
  readonly path: string;
  /** `whole` for lists that are short, and have no pages. */
  readonly paging: 'pages' | 'whole';
  readonly lineOf: (item: JsonObject) => string;
};

type Asking = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the organization. */
  readonly path: string;
  readonly body?: JsonValue;
};

export async function listItems(
  io: Io,
  options: ServerOptions,
  { path, paging, lineOf }: Listing,
): Promise<Report> {
  const { client, org } = await openOrg(io, options);
  const answer =
    paging === 'whole'
      ? await client.get<{ items: JsonObject[] }>(`${org}${path}`)
      : await client.list(`${org}${path}`);
  const lines = answer.items.map((item) => lineOf(item));
  return done(lines.length === 0 ? ['there are none'] : lines, answer);
}

/** Reads or changes one thing; what the server answers is shown member by member. */
export async function askItem(
  io: Io,
  options: ServerOptions,
  { method, path, body }: Asking,
): Promise<Report> {
  const { client, org } = await openOrg(io, options);
  const whole = `${org}${path}`;
  const answer = method === 'GET' ? await client.get(whole) : await client.send(method, whole, body);
  const lines = Object.entries(answer).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return done(lines.length === 0 ? ['done'] : lines, answer);
}

/** @returns the client, and the path of the organization that the options name */
export async function openOrg(
  io: Io,
  options: ServerOptions,
): Promise<{ readonly client: ApiClient; readonly org: string }> {
  return { client: await openClient(io, options), org: orgPath(requireOrg(io, options)) };
}
