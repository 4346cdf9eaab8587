/** The configuration of an installation; for the seat of a global plugin, with the instance's layers on top. */
import type { JsonObject } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { effectiveConfig, mergeLayers } from '../../spec/plugin-config.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';
import { toPointer } from '../../spec/strict-json.ts';
import type { Seat } from './seat.ts';

type Configured = {
  readonly manifest: Manifest;
  readonly config: JsonObject;
  readonly seat?: Seat | null | undefined;
};

/**
 * What the guest of an installation reads. Of a global plugin the instance's layers stand above the organization's,
 * which fills in what they leave open: the secrets are the instance's, and so is where they are sent.
 */
export function configInEffect({ manifest, config, seat }: Configured, instance: JsonObject): JsonObject {
  if (!seat) return effectiveConfig(manifest, instance, config);
  return effectiveConfig(manifest, config, fixedLayer(seat, instance));
}

/** @returns what the organization of a seat cannot change */
function fixedLayer({ config }: Seat, instance: JsonObject): JsonObject {
  return mergeLayers(instance, config);
}

/** @throws Refusal `config_invalid` with each part that the instance has set already */
export function requireOpenParts(
  plugin: PluginId,
  seat: Seat,
  instance: JsonObject,
  config: JsonObject,
): void {
  const fixed = fixedLayer(seat, instance);
  const violations = Object.keys(config)
    .filter((key) => Object.hasOwn(fixed, key))
    .map((key): Violation => ({ pointer: toPointer([key]), message: 'the instance decides this' }));
  if (violations.length === 0) return;
  throw new Refusal('config_invalid', {
    detail: `The instance has set ${violations.map(({ pointer }) => pointer).join(', ')} of ${plugin} for everybody.`,
    violations,
    extensions: { plugin },
  });
}
