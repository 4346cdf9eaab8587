/**
 * The one way to read manifest.json. The schema is `schemas/manifest-v1.schema.json`; what it cannot say is checked by
 * `manifest-checks.ts`. Every violation is reported at once.
 */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { compareAsJson } from './json-equality.ts';
import { PACKAGE_LIMITS } from './limits.ts';
import { crossCheck } from './manifest-checks.ts';
import type { Manifest } from './manifest.ts';
import { nearestName } from './nearest-name.ts';
import { Refusal, type Violation } from './refusal.ts';
import schema from './schemas/manifest-v1.schema.json' with { type: 'json' };
import { parseStrictJson, toPointer } from './strict-json.ts';

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  ownProperties: true,
  verbose: true,
});
compareAsJson(ajv);
const validateSchema = ajv.compile<Manifest>(schema);

/**
 * Reads a manifest.
 * @param bytes the file as it lies in the package
 * @throws Refusal `manifest_too_large`, `manifest_not_json` or `manifest_invalid`, each with every violation
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > PACKAGE_LIMITS.manifestBytesMax) {
    throw new Refusal('manifest_too_large', {
      detail: `manifest.json has ${bytes.length} bytes; at most ${PACKAGE_LIMITS.manifestBytesMax} are read.`,
    });
  }
  const json = parseStrictJson(bytes, PACKAGE_LIMITS.manifestDepthMax);
  if (json.kind === 'faults') {
    const [first] = json.faults;
    const detail = `manifest.json ${first?.pointer ? `at ${first.pointer}: ` : ''}${first?.message}.`;
    throw new Refusal('manifest_not_json', { detail, violations: json.faults });
  }
  const candidate: unknown = json.value;
  if (!validateSchema(candidate)) throw manifestInvalid((validateSchema.errors ?? []).map(explain));
  const violations = crossCheck(candidate);
  if (violations.length > 0) throw manifestInvalid(violations);
  return candidate;
}

function manifestInvalid(violations: readonly Violation[]): Refusal {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  return new Refusal('manifest_invalid', {
    detail: `${first?.pointer || '/'}: ${first?.message}${more}.`,
    violations,
  });
}

/** An ajv error as a sentence, with the nearest known name where a key is unknown. */
function explain(error: ErrorObject): Violation {
  const { keyword, params, instancePath, parentSchema } = error;
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    const known = Object.keys((parentSchema?.['properties'] as object | undefined) ?? {});
    const nearest = nearestName(key, known);
    return {
      pointer: instancePath + toPointer([key]),
      message: `the key ${JSON.stringify(key)} is not known here`,
      hint: nearest ? `Did you mean ${JSON.stringify(nearest)}?` : `Known keys: ${known.join(', ')}.`,
    };
  }
  if (keyword === 'enum') {
    const allowed = params['allowedValues'] as string[];
    // Of an object, such as {"toString": 1}, the engine may be unable to make a text.
    const nearest = typeof error.data === 'string' ? nearestName(error.data, allowed) : undefined;
    const hint = nearest
      ? `Did you mean ${JSON.stringify(nearest)}?`
      : `Known values: ${allowed.join(', ')}.`;
    return {
      pointer: instancePath,
      message: `${JSON.stringify(error.data)?.slice(0, 80)} is not an allowed value`,
      hint,
    };
  }
  if (keyword === 'required') {
    return { pointer: instancePath + toPointer([String(params['missingProperty'])]), message: 'is missing' };
  }
  const description = parentSchema?.['description'] as string | undefined;
  return {
    pointer: instancePath,
    message: error.message ?? 'is not valid',
    ...(description ? { hint: description } : {}),
  };
}
