/** A plugin that takes all the memory it can get, inside and outside the heap of the engine. */
import { describe, expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const BOMBS = {
  arrays: 'for (;;) kept.push(new Array(100_000).fill(kept.length));',
  buffers: 'for (;;) kept.push(new Uint8Array(16 * 1024 * 1024).fill(1));',
  strings: 'let text = "x".repeat(1 << 20); for (;;) kept.push((text + kept.length).split("").join(" "));',
};
const code = (bomb: string): string => `export default { fetch(request) {
  if (new URL(request.url).pathname !== '/bomb') return new Response('fine');
  const kept = [];
  ${bomb}
} }`;
const plugins = Object.entries(BOMBS).map(([name, bomb]) => ({
  name,
  id: `kelompok/${name}` as const,
  bomb,
}));
await kelompok.ship(...plugins.map(({ id, bomb }) => ({ id, code: code(bomb) })), {
  id: 'kelompok/neighbour',
});
for (const { id } of plugins) await acme.install(id);
await acme.install('kelompok/neighbour');

/**
 * Which wall is hit first depends on the machine: the memory, the processor time of filling it, or for buffers the
 * engine's refusal to give more, which the plugin could catch.
 */
const ENDS = ['503 exceededMemory', '503 exceededCpu', '502 exception'];

describe('a memory bomb', () => {
  it.each(plugins)('of $name', async ({ id }) => {
    const answer = await acme.call(id, '/bomb');
    expect(ENDS).toContain(`${answer.status} ${answer.json.outcome}`);
    if (answer.json.outcome === 'exception') expect(await acme.log(id)).toContain('RangeError');
    expect((await acme.call(id, '/')).text).toBe('fine');
    expect((await acme.call('kelompok/neighbour', '/')).text).toBe('hello');
  });

  it('never grows the server itself', async () => {
    expect(await souk.metric('process_resident_memory_bytes')).toBeLessThan(600 * 1024 * 1024);
  });
});
