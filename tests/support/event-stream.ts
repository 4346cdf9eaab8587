/** Server-sent events, read as a client would. */
import { expect } from 'vitest';

export type Heard = { readonly id: string; readonly event: string; readonly data: Record<string, unknown> };

/**
 * Reads a stream until `count` events came, or it ended.
 * @param heard for who wants to see what has come so far
 */
export async function followEvents(
  url: string,
  token: string | null,
  count: number,
  lastEventId?: string,
  heard: Heard[] = [],
): Promise<Heard[]> {
  const headers = new Headers({ authorization: `Bearer ${token}` });
  if (lastEventId !== undefined) headers.set('last-event-id', lastEventId);
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(60_000) });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    heard.push(...blocks.flatMap(parse));
    if (heard.length >= count) break;
  }
  return heard;
}

function parse(block: string): Heard[] {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/su, 2) as [string, string]));
  const data = fields.get('data');
  if (data === undefined) return [];
  return [{ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: JSON.parse(data) }];
}
