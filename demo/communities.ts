/** The organizations of the five seeds, each with its own choice of plugins. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../spec/refusal.ts';
import type { Mailbox } from './mailbox.ts';
import { expectMember, type Stage } from './stage.ts';

/** Makes an organization and installs for it, in one line each. */
async function settle(stage: Stage, org: string, title: string, plugins: readonly string[]): Promise<void> {
  await stage.souk('org', 'create', org, '--name', title);
  if (plugins.length === 0) return;
  for (const plugin of plugins) {
    await stage.screen.step(`souk plugin install ${plugin} --yes --org ${org}, and activate`, async () => {
      await stage.soukQuietly('plugin', 'install', plugin, '--yes', '--org', org);
      await stage.soukQuietly('plugin', 'activate', plugin, '--cascade', '--org', org);
    });
  }
  stage.ledger.add(`${title} (${org})`, `runs ${plugins.join(', ')}`);
}

const CSV = `name,slug,city,email
Green Foundation,green-foundation,Jakarta,hello@green.example
Blue Ocean,blue-ocean,Makassar,hello@ocean.example
,,Bandung,nobody@example.org
`;

/** Kelompok: a CSV file becomes records; the second time it changes nothing. */
export async function importOrganizations(stage: Stage): Promise<void> {
  stage.screen.chapter('Kelompok imports organizations from a CSV file');
  await settle(stage, 'kelompok', 'Kelompok', ['kelompok/csv-import']);
  await writeFile(join(stage.folder, 'organizations.csv'), CSV);
  const run = ['plugin', 'run', 'csv-import', '--job', 'import-organizations'];
  for (const time of ['first', 'second']) {
    const lines = await stage.souk(...run, '--file', 'organizations.csv', '--org', 'kelompok');
    stage.ledger.add(`the CSV file, the ${time} time`, countsIn(lines));
  }
  const { items } = (await stage.api('GET', '/api/v1/orgs/kelompok/records/organization')) as {
    items: { data: { name: string; city: string } }[];
  };
  if (items.length !== 2) throw new Fault(`${items.length} organizations were imported, not 2`);
  stage.screen.shown(items.map(({ data }) => `${data.name}, ${data.city}`));
}

/** @returns such as `2 accepted, 1 rejected` */
function countsIn(lines: readonly string[]): string {
  const counts = [...lines.join('\n').matchAll(/"(accepted|merged|unchanged|rejected|held)": ([1-9]\d*)/gu)];
  return counts.map(([, outcome, count]) => `${count} ${outcome}`).join(', ');
}

/** Situs: an event goes to the plugin that sends invitations, through the project's own mail server. */
export async function inviteByMail(stage: Stage, mailbox: Mailbox): Promise<void> {
  stage.screen.chapter('Situs sends an invitation by mail');
  await settle(stage, 'situs', 'Situs', []);
  await stage.api('PUT', '/api/v1/orgs/situs/mail', {
    host: '127.0.0.1',
    port: mailbox.port,
    security: 'none',
    from: 'Situs <situs@situs.example>',
  });
  await stage.souk('plugin', 'install', 'situs/email-smtp', '--yes', '--org', 'situs');
  await stage.souk('plugin', 'activate', 'situs/email-smtp', '--org', 'situs');
  await stage.souk('plugin', 'test', 'situs/email-smtp', '--org', 'situs');
  stage.ledger.add('Situs (situs)', 'runs situs/email-smtp');
  await stage.api('POST', '/api/v1/orgs/situs/events', {
    name: 'invitations.send-requested',
    data: { to: 'ada@example.org', name: 'Ada', inviter: 'Grace', link: 'https://situs.example/join/1' },
  });
  const mail = await arrival(stage, mailbox);
  stage.ledger.add('an invitation', `arrived at ${mail.to.join(', ')}: ${mail.subject}`);
}

const MAIL_MS_MAX = 60_000;

async function arrival({ screen }: Stage, mailbox: Mailbox): Promise<Mailbox['mails'][number]> {
  return screen.step('the mail arrives', async () => {
    const deadline = performance.now() + MAIL_MS_MAX;
    for (;;) {
      const [mail] = mailbox.mails;
      if (mail) return mail;
      if (performance.now() > deadline) throw new Fault('no mail came');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
}

/** SahaBot2: two communities with different randomizers; the same wish makes the same seed. */
export async function generateSeeds(stage: Stage): Promise<void> {
  stage.screen.chapter('SahaBot2 generates seeds for two communities');
  await settle(stage, 'alttpr', 'ALTTPR community', ['sahabot/tournament', 'sahabot/alttpr', 'sahabot/smz3']);
  await settle(stage, 'speedrun', 'Speedrunning community', ['sahabot/sm', 'sahabot/z1r', 'sahabot/ctjets']);
  await stage.souk('contract', 'list', '--org', 'alttpr');
  const wish = JSON.stringify({ settings: { mode: 'open', goal: 'pedestal' }, seed: 'demo' });
  const call = ['contract', 'call', 'seed-generator@1', 'generate', wish, '--plugin', 'sahabot/alttpr'];
  const [first, again] = [
    await stage.souk(...call, '--org', 'alttpr'),
    await stage.souk(...call, '--org', 'alttpr'),
  ];
  if (first.join() !== again.join()) throw new Fault('the same wish made another seed');
  stage.ledger.add('seed-generator@1 by contract', 'the same wish twice is the same game');
  expectMember(
    await stage.api('POST', '/api/v1/orgs/speedrun/contracts/seed-generator@1/generate', {
      input: { settings: {}, seed: 'demo' },
      mode: 'all',
    }),
    'mode',
    'all',
  );
}

/** GIMS: what a plan asks for, before anything is installed; nothing is called while it has no token. */
export async function planIntegrations(stage: Stage): Promise<void> {
  stage.screen.chapter('GIMS looks at what an integration would be allowed');
  await settle(stage, 'gims', 'GIMS', []);
  await stage.souk('plugin', 'plan', 'gims/discord', '--org', 'gims');
  await stage.souk('plugin', 'install', 'gims/discord', '--yes', '--org', 'gims');
  await stage.api('PUT', '/api/v1/orgs/gims/plugins/gims/discord/config', {
    guild: '112233445566778899',
    category: '112233445566778900',
  });
  await stage.soukRefused('secret_missing', ['plugin', 'activate', 'gims/discord', '--org', 'gims']);
  stage.ledger.add('gims/discord', 'installed, and waits for the bot token of its organization');
}
