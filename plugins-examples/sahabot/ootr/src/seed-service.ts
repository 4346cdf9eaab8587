/**
 * Seeds made by ootrandomizer.com, as its page "API" describes: `POST /api/v2/seed/create?key=…&version=…` with the settings
 * as JSON, answered by 201 with the id of a seed. The key is a secret of the organization; without it, or where the
 * request is not granted, the plugin's own generator makes the seed.
 */
import type { Host } from 'souk/sdk';
import { WishError, type Seed } from '../../randomizer-kit/generator.ts';

export async function makeElsewhere({ settings }: Seed, host: Host): Promise<{ url: string } | null> {
  const { apiUrl, apiVersion } = host.config as { apiUrl: string; apiVersion: string };
  const key = await keyOf(host);
  if (key === null) return null;
  const address = new URL('/api/v2/seed/create', apiUrl);
  address.search = new URLSearchParams({ key, version: apiVersion }).toString();
  const answer = await post(address, settings, host);
  if (answer === null) return null;
  if (answer.status === 429 || answer.status >= 500)
    throw new WishError(
      'generator_unavailable',
      `ootrandomizer.com answered ${answer.status}; ask again later.`,
    );
  if (!answer.ok)
    throw new WishError('settings_invalid', `ootrandomizer.com did not take them: ${answer.status}`);
  const { id } = (await answer.json()) as { id: string };
  return { url: new URL(`/seed/get?id=${encodeURIComponent(id)}`, apiUrl).href };
}

async function keyOf(host: Host): Promise<string | null> {
  try {
    return await host.secrets.get('apiKey');
  } catch (error) {
    host.log.warn('makes seeds itself:', messageOf(error));
    return null;
  }
}

/** @returns null where the organization has not granted the request */
async function post(address: URL, settings: object, host: Host): Promise<Response | null> {
  try {
    return await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    });
  } catch (error) {
    if ((error as { name?: unknown }).name !== 'PermissionDenied')
      throw new WishError('generator_unavailable', messageOf(error));
    host.log.warn('makes seeds itself:', messageOf(error));
    return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
