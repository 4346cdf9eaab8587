/** Every folder of plugins-examples/ is a package that a server would take, and tells its readers what it asks for. */
import { describe, expect, it } from 'vitest';
import { inspectPackage } from '../../registry/inspection/index.ts';
import { listExamples, packExample } from '../support/example-package.ts';

describe.each(listExamples())('%s', (id) => {
  it('lies in the folder of its id, and passes every check without a finding', async () => {
    const { manifest, read } = await packExample(id);
    expect(manifest.id).toBe(id);
    expect(inspectPackage(read, { knownPluginIds: [] }).findings).toEqual([]);
  });

  it('packs to the same bytes each time, with no source, test or build file in it', async () => {
    const { archive, read } = await packExample(id);
    expect((await packExample(id)).archive).toEqual(archive);
    const paths = read.entries.map(({ path }) => path);
    expect(paths.filter((path) => /\.ts$|\.test\.|package\.json/u.test(path))).toEqual([]);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'manifest.json']));
  });

  it('names each of its permissions in its README', async () => {
    const { manifest, read } = await packExample(id);
    const readme = Buffer.from(read.files.get('README.md') ?? []).toString('utf8');
    for (const { name } of manifest.permissions ?? []) expect(readme).toContain(`\`${name}\``);
  });
});
