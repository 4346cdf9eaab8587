/** Server-sent events as a client reads them (WHATWG HTML, section 9.2): one that ends is taken up after the last id. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';
import { parseObject, refusalFrom } from './problem.ts';

export type ServerEvent = { readonly id: string; readonly type: string; readonly data: JsonObject };

type Following = {
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Id of the last event that is known. */
  readonly last: string | null;
  readonly signal?: AbortSignal;
};

/** A server that stops ends its streams; another one, or it again, answers soon. */
const RETRY_MS = 1_000;
const ATTEMPTS_MAX = 30;

/** @throws Refusal of the server, `server_answer_unknown`, or `server_unreachable` after half a minute of asking in vain */
export async function* followEvents(following: Following): AsyncGenerator<ServerEvent> {
  let { last } = following;
  let attempts = 0;
  const isOver = (): boolean => following.signal?.aborted ?? false;
  while (!isOver()) {
    const response = await connect(following, last);
    if (response?.ok) attempts = 0;
    else if (++attempts >= ATTEMPTS_MAX && !isOver())
      throw new Refusal('server_unreachable', { detail: `Nothing answers at ${following.url}.` });
    for await (const block of response?.ok ? blocksOf(response) : []) {
      last = block.id ?? last;
      if (block.data !== null) yield { id: last ?? '', type: block.type, data: readData(block.data) };
    }
    await sleep(RETRY_MS, undefined, following.signal ? { signal: following.signal } : {}).catch(
      () => undefined,
    );
  }
}

/** @returns null where nobody answers, or a server that stops does */
async function connect(
  { url, path, headers, signal }: Following,
  last: string | null,
): Promise<Response | null> {
  const answer = await fetch(`${url}${path}`, {
    headers: { ...headers, accept: 'text/event-stream', ...(last === null ? {} : { 'last-event-id': last }) },
    ...(signal ? { signal } : {}),
  }).catch(() => null);
  if (!answer || answer.ok || answer.status >= 500) return answer;
  throw refusalFrom(answer.status, await answer.text());
}

function readData(text: string): JsonObject {
  const data = parseObject(text);
  if (data) return data;
  throw new Refusal('server_answer_unknown', { detail: 'It told of an event that is no JSON object.' });
}

type Block = { readonly id: string | null; readonly type: string; readonly data: string | null };

/** Whole blocks; what a broken connection leaves half is asked for again. */
async function* blocksOf(response: Response): AsyncGenerator<Block> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      yield* blocks.map(parse);
    }
  } catch {
    // The connection broke, or was ended from here.
  }
}

function parse(block: string): Block {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/su, 2) as [string, string]));
  return {
    id: fields.get('id') ?? null,
    type: fields.get('event') ?? 'message',
    data: fields.get('data') ?? null,
  };
}
