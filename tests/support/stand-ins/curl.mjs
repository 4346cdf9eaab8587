/** What the pages ask of curl, for a machine that has none: one GET, begun again while nobody listens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    retry: { type: 'string', default: '0' },
    'retry-connrefused': { type: 'boolean', default: false },
    'retry-delay': { type: 'string', default: '1' },
  },
});
const [url] = positionals;
const retries = values['retry-connrefused'] ? Number(values.retry) : 0;

for (let tries = 0; ; tries += 1) {
  try {
    const answer = await fetch(url);
    process.stdout.write(await answer.text());
    break;
  } catch (error) {
    if (tries >= retries) throw error;
    await sleep(Number(values['retry-delay']) * 1_000);
  }
}
