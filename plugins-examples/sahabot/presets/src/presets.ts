import type { Host, Json } from 'souk/sdk';

/** The settings of a randomizer under a name. Which settings it has is the randomizer's to check. */
export type Preset = {
  readonly randomizer: string;
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  readonly settings: Readonly<Record<string, Json>>;
  readonly savedAt: string;
};

export type PresetName = Pick<Preset, 'randomizer' | 'namespace' | 'name'>;

/** By randomizer first: that is what people look for. */
const keyOf = ({ randomizer, namespace, name }: PresetName): string =>
  `preset/${randomizer}/${namespace}/${name}`;

export const findPreset = (name: PresetName, host: Host): Promise<Preset | null> =>
  host.kv.get<Preset>(keyOf(name));

export async function savePreset(preset: Preset, host: Host): Promise<'created' | 'changed'> {
  const before = await findPreset(preset, host);
  await host.kv.set(keyOf(preset), preset);
  return before ? 'changed' : 'created';
}

export const dropPreset = (name: PresetName, host: Host): Promise<boolean> => host.kv.delete(keyOf(name));

/** One page of the presets of a randomizer, in the order of their namespaces and names. */
export async function listPresets(
  randomizer: string,
  after: string | undefined,
  host: Host,
): Promise<{ presets: Preset[]; next: string | null }> {
  const { keys, next } = await host.kv.list({
    prefix: `preset/${randomizer}/`,
    limit: 100,
    ...(after === undefined ? {} : { after }),
  });
  const found = await host.kv.getMany<Preset>(keys);
  return { presets: found.map(([, preset]) => preset), next };
}
