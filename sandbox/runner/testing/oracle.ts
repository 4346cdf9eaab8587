/**
 * Node's own web APIs as the oracle for the guest's: the same program runs in both, and must answer the same.
 */
import { expect, test } from 'vitest';
import type { WebIsolate } from './web-isolate.ts';

type Program = (...args: never[]) => Promise<unknown>;
const AsyncFunction = (async () => undefined).constructor as new (body: string) => Program;

/** What the program answers in this process, through JSON as in the isolate; an error by its name alone. */
async function inNode(body: string): Promise<unknown> {
  const value = await new AsyncFunction(guarded(body))();
  return JSON.parse(JSON.stringify({ value }))['value'] as unknown;
}

const guarded = (body: string): string =>
  `'use strict'; const attempt = ${ATTEMPT}; return attempt(async () => { ${body} });`;

/** An error counts by its kind: texts differ between engines and are nobody's interface. */
const ATTEMPT = `async (run) => { try { return await run(); } catch (error) { return 'throws ' + error.name; } }`;

/** One test per program; the name is the program where it says enough. */
export function agreesWithNode(isolate: () => WebIsolate, programs: Readonly<Record<string, string>>): void {
  test.each(Object.entries(programs))('%s', async (_name, body) => {
    const [guest, node] = await Promise.all([isolate().run(guarded(body)), inNode(body)]);
    expect(guest).toEqual(node);
  });
}
