/** Every folder of plugins-examples/ is a package that a server would take, and tells its readers what it asks for. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { PackedFolder } from '../cli/pack-folder.ts';
import { inspectPackage } from '../registry/inspection/index.ts';
import { listExamples, packExample } from './support/example-package.ts';

describe.each(listExamples())('%s', (id) => {
  let packed: PackedFolder;
  beforeAll(async () => {
    packed = await packExample(id);
  });

  it('lies in the folder of its id, and passes every check without a finding', () => {
    expect(packed.manifest.id).toBe(id);
    expect(inspectPackage(packed.read, { knownPluginIds: [] }).findings).toEqual([]);
  });

  it('packs to the same bytes each time, with no source, test or build file in it', async () => {
    expect((await packExample(id)).archive).toEqual(packed.archive);
    const paths = packed.read.entries.map(({ path }) => path);
    expect(paths.filter((path) => /\.ts$|\.test\.|package\.json/u.test(path))).toEqual([]);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'manifest.json']));
  });

  it('names each of its permissions in its README', () => {
    const readme = Buffer.from(packed.read.files.get('README.md') ?? []).toString('utf8');
    for (const { name } of packed.manifest.permissions ?? []) expect(readme).toContain(`\`${name}\``);
  });
});
