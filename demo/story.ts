/** The story of the demo: authors publish, organizations install, people call, import, invite and play; three attacks fail. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../spec/refusal.ts';
import { generateSeeds, importOrganizations, inviteByMail, planIntegrations } from './communities.ts';
import { listExamples } from './examples.ts';
import type { Mailbox } from './mailbox.ts';
import { foundPublishers, publish, publishExamples } from './marketplace.ts';
import { expectMember, type Stage } from './stage.ts';

const ROOT = join(import.meta.dirname, '..');
const HELLO = '/hello-world/hello/Ada';
const PAGE = '/counter/pages/home';

export async function tellStory(stage: Stage, mailbox: Mailbox): Promise<void> {
  const examples = listExamples();
  await foundPublishers(stage, examples);
  await publishExamples(stage, examples);
  await installWithConsent(stage);
  await callPlugins(stage);
  await importOrganizations(stage);
  await inviteByMail(stage, mailbox);
  await generateSeeds(stage);
  await planIntegrations(stage);
  await tamperWithArchive(stage);
  await runRogue(stage);
  stage.ledger.show(stage.screen);
}

async function installWithConsent({ screen, souk }: Stage): Promise<void> {
  screen.chapter('An administrator sees the plan, consents, and activates');
  const plan = await souk('plugin', 'plan', 'examples/counter');
  await souk('plugin', 'apply', planIdIn(plan));
  await souk('plugin', 'activate', 'examples/counter', '--cascade');
  await souk('plugin', 'list');
}

/** The plan ends with the command that consents to it. */
function planIdIn(lines: readonly string[]): string {
  const [, id] = /souk plugin apply (\S+)/u.exec(lines.join('\n')) ?? [];
  if (id === undefined) throw new Fault('the plan names no way to consent to it');
  return id;
}

async function callPlugins(stage: Stage): Promise<void> {
  const { screen, call } = stage;
  screen.chapter('People call the plugins; each runs in an isolate of its own process');
  expectMember(await call(200, 'GET', HELLO), 'text', 'Hello, Ada!');
  expectMember(await call(201, 'POST', `${PAGE}/visits`, { visitor: 'Ada' }), 'visits', 1);
  expectMember(await call(201, 'POST', `${PAGE}/visits`, { visitor: 'Grace' }), 'greeting', 'Hello, Grace!');
  expectMember(await call(200, 'GET', PAGE), 'visits', 2);
  stage.ledger.add(
    'examples/counter, which needs hello-world',
    'planned, consented to, active; counts visits',
  );
}

async function tamperWithArchive({ screen, folder, ledger, soukRefused }: Stage): Promise<void> {
  screen.chapter('Attack 1: one byte of a signed archive is changed');
  const archive = await readFile(join(folder, 'counter.zip'));
  const middle = Math.floor(archive.length / 2);
  await writeFile(join(folder, 'tampered.zip'), archive.with(middle, (archive[middle] ?? 0) ^ 1));
  const forged = ['publish', 'tampered.zip', '--envelope', 'counter.zip.dsse.json'];
  await soukRefused('signed_archive_differs', forged);
  ledger.add('a tampered archive', 'refused: signed_archive_differs');
}

async function runRogue(stage: Stage): Promise<void> {
  const { screen, souk, call } = stage;
  screen.chapter('Attack 2: a plugin that never ends');
  await publish(stage, join(ROOT, 'demo/rogue'), 'rogue', 'examples');
  await souk('plugin', 'install', 'examples/rogue', '--yes');
  await souk('plugin', 'activate', 'examples/rogue');
  expectMember(await call(503, 'GET', '/rogue/loop'), 'outcome', 'exceededCpu');
  screen.line('  It was stopped. The next call to it works, and the others never noticed:');
  expectMember(await call(200, 'GET', '/rogue/well'), 'well', true);
  expectMember(await call(200, 'GET', PAGE), 'visits', 2);
  screen.chapter('Attack 3: a plugin uses what nobody granted');
  expectMember(await call(403, 'GET', '/rogue/snoop'), 'denied', 'PermissionDenied');
  stage.ledger.add('a plugin that never ends', 'stopped: exceededCpu; the next call to it works');
  stage.ledger.add('a plugin that takes what nobody granted', 'denied: PermissionDenied');
}
