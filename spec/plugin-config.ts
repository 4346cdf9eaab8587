/**
 * The configuration of an installation: the organization's layer above the instance's above the manifest's defaults.
 * Objects are merged key by key; any other value of a higher layer replaces the one below. Below all of them are the
 * defaults in the plugin's own code, which Souk does not see.
 */
import { compileGuestSchema } from './guest-validator.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Manifest } from './manifest.ts';
import type { PluginId } from './plugin-id.ts';
import { Refusal, type Violation } from './refusal.ts';

/** Of all texts together, each value counting as one more. */
const CONFIG_CHARS_MAX = 64 * 1024;
/** Deeper than any schema of a plugin describes (spec/guest-schema.ts); below it a layer replaces whole values. */
const DEPTH_MAX = 32;

/** @returns what the guest reads, whether it fits its schema or not */
export function effectiveConfig(manifest: Manifest, instance: JsonObject, org: JsonObject): JsonObject {
  const defaults = manifest.config ? schemaDefaults(manifest.config, DEPTH_MAX) : undefined;
  return mergeObjects(mergeObjects(isObject(defaults) ? defaults : {}, instance, DEPTH_MAX), org, DEPTH_MAX);
}

/** @returns every violation of the plugin's schema; a plugin without a schema takes no configuration */
export function configViolations(manifest: Manifest, config: JsonObject): Violation[] {
  if (manifest.config) return compileGuestSchema(manifest.config)(config);
  return Object.keys(config).map((key) => ({
    pointer: `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    message: 'the plugin declares no configuration',
  }));
}

/** @throws Refusal `config_invalid` with every violation */
export function requireFittingConfig(plugin: PluginId, manifest: Manifest, config: JsonObject): void {
  const violations = configViolations(manifest, config);
  if (violations.length === 0) return;
  const [first] = violations;
  throw new Refusal('config_invalid', {
    detail: `The configuration of ${plugin} ${manifest.version} at ${first?.pointer || '/'}: ${first?.message}.`,
    violations,
    extensions: { plugin, version: manifest.version },
  });
}

/**
 * What PostgreSQL stores as jsonb, and what travels to a runner with every load. Takes whatever a caller sent.
 * @throws Refusal `config_invalid`
 */
export function requireStorableConfig(config: JsonValue): asserts config is JsonObject {
  if (!isObject(config)) throw unstorable('The configuration is not an object.');
  let chars = 0;
  const pending: { readonly value: JsonValue; readonly depth: number }[] = [{ value: config, depth: 0 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, depth } = next;
    if (depth > DEPTH_MAX) throw unstorable(`The configuration nests deeper than ${DEPTH_MAX} levels.`);
    const texts = typeof value === 'string' ? [value] : isObject(value) ? Object.keys(value) : [];
    for (const text of texts) {
      if (text.includes('\0') || !text.isWellFormed()) {
        throw unstorable('A text of the configuration holds U+0000 or half a surrogate pair.');
      }
      chars += text.length;
    }
    chars += 1;
    if (chars > CONFIG_CHARS_MAX) {
      throw unstorable(`The configuration has more than ${CONFIG_CHARS_MAX} characters and values.`);
    }
    if (typeof value === 'object' && value !== null) {
      for (const child of Object.values(value)) pending.push({ value: child, depth: depth + 1 });
    }
  }
}

function unstorable(detail: string): Refusal {
  return new Refusal('config_invalid', { detail });
}

/** The `default` of a schema, or an object of the defaults below it; undefined where there is none. */
function schemaDefaults(schema: JsonObject, depth: number): JsonValue | undefined {
  if (schema['default'] !== undefined) return schema['default'];
  const properties = schema['properties'];
  if (depth === 0 || !isObject(properties)) return undefined;
  const entries = Object.entries(properties).flatMap(([key, child]): [string, JsonValue][] => {
    const value = isObject(child) ? schemaDefaults(child, depth - 1) : undefined;
    return value === undefined ? [] : [[key, value]];
  });
  // fromEntries defines own properties, so that a key such as __proto__ is one like any other.
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** @returns one layer above another */
export function mergeLayers(low: JsonObject, high: JsonObject): JsonObject {
  return mergeObjects(low, high, DEPTH_MAX);
}

function mergeObjects(low: JsonObject, high: JsonObject, depth: number): JsonObject {
  const merged = new Map(Object.entries(low));
  for (const [key, value] of Object.entries(high)) {
    const below = merged.get(key);
    const isNested = depth > 0 && isObject(value) && isObject(below);
    merged.set(key, isNested ? mergeObjects(below, value, depth - 1) : value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
