/** Every example becomes a published package: one publisher and one key for each namespace. */
import type { Example } from './examples.ts';
import { publishersOf } from './examples.ts';
import type { Stage } from './stage.ts';

export async function foundPublishers(stage: Stage, examples: readonly Example[]): Promise<void> {
  stage.screen.chapter('An organization, its publishers, and their signing keys');
  await stage.souk('org', 'create', 'acme', '--name', 'Acme');
  for (const publisher of publishersOf(examples)) {
    await stage.souk('publisher', 'create', publisher);
    await stage.souk('keygen', publisher);
    await stage.souk('keys', 'register', publisher, '--root', `${publisher}.key`);
  }
  stage.ledger.add('publishers with a key', String(publishersOf(examples).length));
}

/** The first two step by step, as an author would; the others one line each. */
export async function publishExamples(stage: Stage, examples: readonly Example[]): Promise<void> {
  stage.screen.chapter('Authors pack, sign and publish their plugins');
  const shown = examples.filter(({ publisher }) => publisher === 'examples');
  for (const { folder, name, publisher } of shown) await publish(stage, folder, name, publisher);
  await stage.souk('search', 'counter');
  for (const example of examples) {
    if (shown.includes(example)) continue;
    await stage.screen.step(`pack, sign and publish ${example.id}: ${example.title}`, () =>
      publishQuietly(stage, example),
    );
  }
  stage.ledger.add('packages signed and published', String(examples.length));
}

/** @param key the name of the key file */
export async function publish({ souk }: Stage, folder: string, name: string, key: string): Promise<void> {
  for (const argv of stepsOf(folder, name, key)) await souk(...argv);
}

async function publishQuietly({ soukQuietly }: Stage, { folder, publisher, name }: Example): Promise<void> {
  for (const argv of stepsOf(folder, name, publisher)) await soukQuietly(...argv);
}

function stepsOf(folder: string, name: string, key: string): string[][] {
  const archive = `${name}.zip`;
  return [
    ['pack', folder, '--out', archive],
    ['sign', archive, '--key', `${key}.key`],
    ['publish', archive],
  ];
}
