/** What plugins reach under `souk dev`: data in memory or in one file, values of `.souk-dev.json`, the guarded net. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Capability, HostCallContext } from '../../sandbox/index.ts';
import { createMemoryKeyValueStore, type KvSnapshot } from '../../sdk/memory/kv.ts';
import {
  type Egress,
  type EgressAllow,
  type EgressContext,
  openEgress,
} from '../../services/egress/index.ts';
import { type KvNamespace, kvCapabilities } from '../../spec/host/kv.ts';
import { secretCapabilities } from '../../spec/host/secrets.ts';
import { fileRefusal, replaceOutput } from '../files.ts';
import type { Io } from '../io.ts';
import { DEV_ORG, type DevPlugin } from './dev-plugin.ts';

export type DevServices = {
  readonly capabilities: readonly Capability[];
  /** Keeps the data of a plugin in its file, where one was given. */
  close(): Promise<void>;
};

/** A file of data: by plugin id, its entries. */
type DataFile = Readonly<Record<string, KvSnapshot>>;

/**
 * @param find the plugin that runs now under an id
 * @param dataFile where key-value data is read at start and kept at the end; in memory alone where absent
 * @throws Refusal `file_unreadable`
 */
export function openDevServices(
  io: Io,
  find: (id: string) => DevPlugin | undefined,
  dataFile: string | undefined,
): DevServices {
  const values = createMemoryKeyValueStore();
  const kept = dataFile === undefined ? {} : readData(io, dataFile);
  const seen = new Set(Object.keys(kept));
  for (const [id, snapshot] of Object.entries(kept)) values.restore(namespaceOf(id), snapshot);
  const egress = openDevEgress(find);
  const secrets = {
    read: async ({ installationId }: KvNamespace, name: string) =>
      find(installationId)?.values.secrets.get(name) ?? null,
  };
  return {
    capabilities: [
      ...[...kvCapabilities(values), ...secretCapabilities(secrets)].map((each) => byPlugin(each, seen)),
      egress.capability,
    ],
    close: async () => {
      await egress.close();
      if (dataFile === undefined) return;
      const data = Object.fromEntries([...seen].map((id) => [id, values.snapshot(namespaceOf(id))]));
      await replaceOutput(io, dataFile, `${JSON.stringify(data, undefined, 2)}\n`);
    },
  };
}

function namespaceOf(id: string): KvNamespace {
  return { orgId: DEV_ORG.id, installationId: id };
}

/** Each load of a plugin is an installation of its own to the sandbox; its data and secrets outlast them. */
function byPlugin(capability: ReturnType<typeof kvCapabilities>[number], seen: Set<string>): Capability {
  return {
    ...capability,
    act: (args, { guest }: HostCallContext) => {
      seen.add(guest.plugin.id);
      return capability.act(args, { guest: { installationId: guest.plugin.id, org: guest.org } });
    },
  };
}

const NOTHING_ALLOWED: EgressAllow = { hosts: [], ranges: [] };

/** The guard of the server, with what the plugin's own `.souk-dev.json` allows: one for each such list. */
function openDevEgress(find: (id: string) => DevPlugin | undefined): Egress {
  const opened = new Map<string, Egress>();
  const open = (allow: EgressAllow): Egress => {
    const key = JSON.stringify(allow);
    const readSecret = async ({ guest }: EgressContext, name: string): Promise<string | null> =>
      find(guest.plugin.id)?.values.secrets.get(name) ?? null;
    const egress = opened.get(key) ?? openEgress({ allow, readSecret, observe: () => {} });
    opened.set(key, egress);
    return egress;
  };
  return {
    capability: {
      ...open(NOTHING_ALLOWED).capability,
      act: (args, context) => {
        const allow = find(context.guest.plugin.id)?.values.egressAllow ?? NOTHING_ALLOWED;
        return open(allow).capability.act(args, context);
      },
    },
    close: async () => {
      await Promise.all([...opened.values()].map((egress) => egress.close()));
    },
  };
}

function readData(io: Io, path: string): DataFile {
  try {
    return JSON.parse(readFileSync(resolve(io.cwd, path), 'utf8')) as DataFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw fileRefusal('file_unreadable', path, error);
  }
}
