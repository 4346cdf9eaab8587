/** A registry on a real database and a real folder, and packages to publish to it. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AdmZip from 'adm-zip';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { AUDIT_ENTITIES } from '../../database/index.ts';
import {
  formatEnvelope,
  type PrivateKey,
  signEnvelope,
  STATEMENT_PAYLOAD_TYPE,
  writeStatement,
} from '../../signing/index.ts';
import { keyDocument, keyDocumentEnvelope, keyOf, time } from '../../signing/testing.fixture.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { splitPluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { openFileBlobStore } from '../blobs/index.ts';
import { KeyDocumentEntity, REGISTRY_ENTITIES } from '../entities/index.ts';
import { readPackage } from '../package/index.ts';
import { PackageReader } from '../reader/index.ts';
import { resolve } from '../resolver/index.ts';
import type { Author } from '../catalogue/author.ts';
import type { Destination, PublishingPorts, PublishRequest } from './ports.ts';

export const ORG = '01900000-0000-7000-8000-000000000001';
export const OTHER_ORG = '01900000-0000-7000-8000-000000000002';
export const NOW = time('2026-06-01');
export const PUBLIC: Destination = { kind: 'public' };
export const PRIVATE: Destination = { kind: 'private', orgId: ORG, unsigned: 'allow' };

/** `kelompok` and `situs` are of one org, `sahabot` of another; any other publisher does not exist. */
const OWNERS = new Map([
  ['kelompok', ORG],
  ['situs', ORG],
  ['sahabot', OTHER_ORG],
]);

export function authorIn(orgId: string): Author {
  return {
    actor: { kind: 'user', userId: orgId },
    requirePublisher: async (_tx, publisher) => {
      if (OWNERS.get(publisher) !== orgId)
        throw new Refusal('not_found', { detail: 'There is no such publisher.' });
      return { orgId };
    },
  };
}

export type TestRegistry = {
  readonly ports: PublishingPorts;
  readonly test: TestDatabase;
  readonly blobFolder: string;
  close(): Promise<void>;
};

/** @param changes what of the ports differs: by default everything is approved, and it is June 2026 */
export async function startTestRegistry(changes: Partial<PublishingPorts> = {}): Promise<TestRegistry> {
  const test = await startTestDatabase([...REGISTRY_ENTITIES, ...AUDIT_ENTITIES]);
  const blobFolder = await mkdtemp(join(tmpdir(), 'souk-registry-'));
  // Its deadlines are tested with it: here a worker may take minutes to start.
  const reader = new PackageReader({ readMsMax: 120_000, inspectMsMax: 120_000 });
  const ports: PublishingPorts = {
    database: test.database,
    blobs: await openFileBlobStore(blobFolder),
    reader,
    resolver: { resolve: async (problem) => resolve(problem) },
    settings: { firstPackage: 'allow', morePermissions: 'allow', trustedPublishers: new Set() },
    now: () => NOW,
    ...changes,
  };
  const close = async (): Promise<void> => {
    await reader.close();
    await test.drop();
    await rm(blobFolder, { recursive: true });
  };
  return { ports, test, blobFolder, close };
}

/** Accepts a key document as if it had been registered at the beginning of the year: key 1 is root, key 2 publishes. */
export async function giveKeys(registry: TestRegistry, publisher: string): Promise<void> {
  const document = keyDocument({ publisher });
  await registry.ports.database.transaction({ kind: 'instance' }, async ({ em }) => {
    await em.insert(KeyDocumentEntity, {
      publisher,
      version: 1,
      envelope: keyDocumentEnvelope(document, [keyOf(1), keyOf(2)]),
      acceptedAt: time('2026-01-02'),
      acceptedBy: 'test',
    });
  });
}

const ENTRY = 'export default { async fetch() { return new Response("hello"); } };\n';

/** An archive that the gate and the inspection take. `content` tells builds of one version apart. */
export function makeArchive(manifest: Partial<Manifest>, content = ''): Uint8Array {
  const whole = {
    manifestVersion: 1,
    id: 'kelompok/hello',
    version: '1.0.0',
    name: 'Hello',
    main: 'index.js',
    ...manifest,
  };
  const zip = new AdmZip();
  zip.addFile('manifest.json', Buffer.from(JSON.stringify(whole)));
  zip.addFile('index.js', Buffer.from(ENTRY + content));
  zip.addFile('README.md', Buffer.from('# Hello\n'));
  zip.addFile('LICENSE', Buffer.from('MIT\n'));
  // The same manifest and content are the same bytes, whenever they are packed.
  for (const entry of zip.getEntries()) entry.header.time = new Date(2026, 0, 1);
  return Uint8Array.from(zip.toBuffer());
}

/** The envelope that the publisher of the archive would make, by default with key 2. */
export function signArchive(archive: Uint8Array, keys: readonly PrivateKey[] = [keyOf(2)]): Uint8Array {
  const read = readPackage(archive);
  const manifest = JSON.parse(Buffer.from(read.files.get('manifest.json') ?? []).toString()) as Manifest;
  const { publisher, name } = splitPluginId(manifest.id);
  const identity = { publisher, plugin: name, version: manifest.version };
  const payload = writeStatement(identity, { sha256: read.archiveSha256, size: read.size }, read.entries);
  return Buffer.from(formatEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, keys)));
}

/** A signed upload to the public registry; publishing moves the archive, so each call makes its own copy. */
export function signedUpload(
  manifest: Partial<Manifest> = {},
  changes: Partial<PublishRequest> = {},
  content = '',
): PublishRequest {
  const archive = makeArchive(manifest, content);
  const envelope = signArchive(archive);
  return { author: authorIn(ORG), destination: PUBLIC, archive, envelope, ...changes };
}

/** An id that no other test of the file uses. */
export function freshId(publisher = 'kelompok'): `${string}/${string}` {
  return `${publisher}/p${randomUUID().replaceAll('-', '')}`;
}
