/** Tables in docs/ that are written from code. `npx vitest run tests/house -u` writes them anew. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsTable } from '../../server/settings.ts';
import { CONTRACTS } from '../../spec/contracts/catalogue.ts';
import type { Contract } from '../../spec/contracts/contract.ts';
import { ERROR_CODES } from '../../spec/error-codes.ts';
import { GUEST_SCHEMA_KEYWORDS } from '../../spec/guest-schema.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { OUTCOME_RESPONSES } from '../../spec/outcome.ts';
import { PERMISSION_CATALOGUE } from '../../spec/permission.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCS = join(ROOT, 'docs');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function page(title: string, intro: string, body: string): string {
  return `# ${title}\n\n${intro}\n\n${body}\n`;
}

/** Members of an object: the required ones, then the others with a question mark. */
function members({ properties = {}, required = [] }: JsonObject): string {
  const needed = new Set(required as string[]);
  const [must, may] = [true, false].map((is) =>
    Object.keys(properties as JsonObject).filter((name) => needed.has(name) === is),
  );
  return [...(must ?? []), ...(may ?? []).map((name) => `${name}?`)].map((name) => `\`${name}\``).join(', ');
}

function contractSection({ id, summary, actions }: Contract): string {
  const errors = new Map(Object.values(actions).flatMap((action) => Object.entries(action.errors)));
  const rows = Object.entries(actions).map(([name, action]) => [
    `\`${name}\``,
    action.summary,
    members(action.input),
    members(action.output),
  ]);
  const list = [...errors].map(([code, sentence]) => `- \`${code}\`: ${sentence}`);
  return [
    `## ${id}`,
    summary,
    table(['action', 'what it does', 'input', 'output'], rows),
    ...(list.length > 0 ? [`Errors:\n\n${list.join('\n')}`] : []),
  ].join('\n\n');
}

describe('the generated pages', () => {
  it('list every setting', async () => {
    const intro =
      'Every environment variable that the server reads. A wrong value, or an unknown one that begins with `SOUK_`, stops the start.';
    await expect(page('Settings', intro, settingsTable())).toMatchFileSnapshot(join(DOCS, 'settings.md'));
  });

  it('list every error code', async () => {
    const rows = Object.entries(ERROR_CODES)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([code, entry]) => [`\`${code}\``, String(entry.status), entry.kind, entry.title, entry.hint]);
    const intro =
      'Every refusal is a problem document (RFC 9457) with one of these stable codes; the command line prints the same.';
    await expect(
      page('Error codes', intro, table(['code', 'status', 'kind', 'rule', 'how to mend it'], rows)),
    ).toMatchFileSnapshot(join(DOCS, 'errors.md'));
  });

  it('list every outcome', async () => {
    const rows = Object.entries(OUTCOME_RESPONSES).map(([outcome, { status, title }]) => [
      `\`${outcome}\``,
      String(status),
      title,
    ]);
    const intro =
      'How a run of plugin code can end, beside `ok`: the member `outcome` of the problem document that the caller gets.';
    await expect(page('Outcomes', intro, table(['outcome', 'status', 'meaning'], rows))).toMatchFileSnapshot(
      join(DOCS, 'outcomes.md'),
    );
  });

  it('list every permission', async () => {
    const rows = Object.entries(PERMISSION_CATALOGUE).map(([name, { risk, scope, sentence, supported }]) => [
      `\`${name}\``,
      risk,
      scope,
      sentence,
      supported ? 'yes' : 'not yet',
    ]);
    const intro =
      'What a manifest can ask for. An administrator sees the sentence, with the scope filled in, before anything is installed. A permission that this version does not support is refused with `contribution_not_supported`.';
    await expect(
      page('Permissions', intro, table(['name', 'risk', 'scope', 'sentence', 'supported'], rows)),
    ).toMatchFileSnapshot(join(DOCS, 'permissions.md'));
  });

  it('list every contract', async () => {
    const intro =
      'The interfaces that plugins implement; [authors/contracts.md](authors/contracts.md) tells how. A question mark is for what may be absent; `GET /api/v1/contracts` has the schemas.';
    await expect(page('Contracts', intro, CONTRACTS.map(contractSection).join('\n\n'))).toMatchFileSnapshot(
      join(DOCS, 'contracts.md'),
    );
  });

  it('list every example package', async () => {
    const names = (list: readonly string[]): string => list.map((name) => `\`${name}\``).join(', ');
    const rows = globSync('plugins-examples/*/*/manifest.json', { cwd: ROOT })
      .sort()
      .map((file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Manifest)
      .map(({ id, description = '', permissions = [], contributes = {} }) => [
        `[${id}](../plugins-examples/${id})`,
        description,
        names([...new Set(permissions.map(({ name }) => name))]),
        names(Object.keys(contributes)),
      ]);
    const intro =
      'The packages in [plugins-examples/](../plugins-examples/README.md), with what each asks for and contributes.';
    await expect(
      page('Example packages', intro, table(['package', 'what it does', 'permissions', 'contributes'], rows)),
    ).toMatchFileSnapshot(join(DOCS, 'examples.md'));
  });

  it('list the keywords of plugin schemas', async () => {
    const intro =
      'JSON Schemas in a manifest (configuration, bodies, arguments) may use these keywords of JSON Schema 2020-12. Patterns are RE2: no look-around, no back references. The patterns of one schema compile to at most 10,000 steps together (`\\pL{300}` is 300). One schema has at most 300 parts, and its names, each counted for every keyword below it, at most 250,000 characters. Checking a value takes at most 200 ms, and at most 25 ms where it is done often; a large value that needs more is refused; where the plugin made it, its answer counts as failed.';
    const body = GUEST_SCHEMA_KEYWORDS.map((keyword) => `- \`${keyword}\``).join('\n');
    await expect(page('Schemas in a manifest', intro, body)).toMatchFileSnapshot(
      join(DOCS, 'schema-keywords.md'),
    );
  });
});
