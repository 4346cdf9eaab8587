/** Presets of the organization, which `sahabot/presets` keeps. */
import type { Host } from 'souk/sdk';
import type { Settings } from './game.ts';

const PRESETS = 'sahabot/presets';

/** @param name `namespace/name` */
export async function findPreset(
  randomizer: string,
  name: string,
  host: Host,
): Promise<Settings | undefined> {
  const [namespace, preset, ...rest] = name.split('/');
  if (!namespace || !preset || rest.length > 0) return undefined;
  const answer = await ask(pathOf(randomizer, namespace, preset), host);
  if (!answer || answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${PRESETS} answered ${answer.status}`);
  return ((await answer.json()) as { settings: Settings }).settings;
}

/** @returns undefined where the organization does not let this plugin call the other */
async function ask(path: string, host: Host): Promise<Response | undefined> {
  try {
    return await host.plugins.call(PRESETS, path);
  } catch (error) {
    if ((error as { name?: unknown }).name !== 'PermissionDenied') throw error;
    host.log.warn('presets of the organization are out of reach:', String(error));
    return undefined;
  }
}

/** Keeps settings that the randomizer has checked. @returns what `sahabot/presets` answered */
export function keepPreset(
  randomizer: string,
  { namespace, name, settings }: { namespace: string; name: string; settings: Settings },
  host: Host,
): Promise<Response> {
  return host.plugins.call(PRESETS, pathOf(randomizer, namespace, name), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ settings }),
  });
}

function pathOf(...parts: string[]): string {
  return `/presets/${parts.map(encodeURIComponent).join('/')}`;
}
