/** The story of the demo: an author publishes, an organization installs, people call, and three attacks fail. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../spec/refusal.ts';
import { expectMember, type Stage } from './stage.ts';

const ROOT = join(import.meta.dirname, '..');
const HELLO = '/hello-world/hello/Ada';
const PAGE = '/counter/pages/home';

export async function tellStory(stage: Stage): Promise<void> {
  await foundPublisher(stage);
  await publishExamples(stage);
  await installWithConsent(stage);
  await callPlugins(stage);
  await tamperWithArchive(stage);
  await runRogue(stage);
}

async function foundPublisher({ screen, souk }: Stage): Promise<void> {
  screen.chapter('An organization, a publisher, and its signing key');
  await souk('org', 'create', 'acme', '--name', 'Acme');
  await souk('publisher', 'create', 'examples');
  await souk('keygen', 'examples');
  await souk('keys', 'register', 'examples', '--root', 'examples.key');
}

async function publishExamples(stage: Stage): Promise<void> {
  stage.screen.chapter('The author packs, signs and publishes two plugins');
  await publish(stage, 'plugins-examples/examples/hello-world', 'hello-world.zip');
  await publish(stage, 'plugins-examples/examples/counter', 'counter.zip');
  await stage.souk('search', 'counter');
}

async function publish({ souk }: Stage, plugin: string, archive: string): Promise<void> {
  await souk('pack', join(ROOT, plugin), '--out', archive);
  await souk('sign', archive, '--key', 'examples.key');
  await souk('publish', archive);
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

async function callPlugins({ screen, call }: Stage): Promise<void> {
  screen.chapter('People call the plugins; each runs in an isolate of its own process');
  expectMember(await call(200, 'GET', HELLO), 'text', 'Hello, Ada!');
  expectMember(await call(201, 'POST', `${PAGE}/visits`, { visitor: 'Ada' }), 'visits', 1);
  expectMember(await call(201, 'POST', `${PAGE}/visits`, { visitor: 'Grace' }), 'greeting', 'Hello, Grace!');
  expectMember(await call(200, 'GET', PAGE), 'visits', 2);
}

async function tamperWithArchive({ screen, folder, soukRefused }: Stage): Promise<void> {
  screen.chapter('Attack 1: one byte of a signed archive is changed');
  const archive = await readFile(join(folder, 'counter.zip'));
  const middle = Math.floor(archive.length / 2);
  await writeFile(join(folder, 'tampered.zip'), archive.with(middle, (archive[middle] ?? 0) ^ 1));
  const forged = ['publish', 'tampered.zip', '--envelope', 'counter.zip.dsse.json'];
  await soukRefused('signed_archive_differs', forged);
}

async function runRogue(stage: Stage): Promise<void> {
  const { screen, souk, call } = stage;
  screen.chapter('Attack 2: a plugin that never ends');
  await publish(stage, 'demo/rogue', 'rogue.zip');
  await souk('plugin', 'install', 'examples/rogue', '--yes');
  await souk('plugin', 'activate', 'examples/rogue');
  expectMember(await call(503, 'GET', '/rogue/loop'), 'outcome', 'exceededCpu');
  screen.line('  It was stopped. The next call to it works, and the others never noticed:');
  expectMember(await call(200, 'GET', '/rogue/well'), 'well', true);
  expectMember(await call(200, 'GET', PAGE), 'visits', 2);
  screen.chapter('Attack 3: a plugin uses what nobody granted');
  expectMember(await call(403, 'GET', '/rogue/snoop'), 'denied', 'PermissionDenied');
}
