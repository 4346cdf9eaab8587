/**
 * The one way to read manifest.json. The schema is `schemas/manifest-v1.schema.json`; what it cannot say is checked by
 * `manifest-checks.ts`. Every violation is reported at once.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { compareAsJson } from './json-equality.ts';
import type { JsonValue } from './json.ts';
import { PACKAGE_LIMITS } from './limits.ts';
import { crossCheck } from './manifest-checks.ts';
import { manifestViolation } from './manifest-violation.ts';
import type { Manifest } from './manifest.ts';
import { Refusal, type Violation } from './refusal.ts';
import schema from './schemas/manifest-v1.schema.json' with { type: 'json' };
import { parseStrictJson } from './strict-json.ts';

/** Violations that are told: enough to mend a manifest by, where a hostile one has a hundred thousand. */
const VIOLATIONS_MAX = 200;
/** Values in a manifest up to which all its violations are looked for, which costs their square; beyond it the first. */
const VALUES_TOLD_MAX = 5_000;

const findEvery = compileSchema('allErrors');
/** Compiled with the first manifest that needs it. */
let findFirst: ValidateFunction<Manifest> | undefined;

function compileSchema(errors: 'allErrors' | 'firstError'): ValidateFunction<Manifest> {
  const ajv = new Ajv2020({
    allErrors: errors === 'allErrors',
    strict: true,
    strictTypes: false,
    ownProperties: true,
    verbose: true,
  });
  compareAsJson(ajv);
  return ajv.compile<Manifest>(schema);
}

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
  const fitsSchema = hasMoreValues(json.value, VALUES_TOLD_MAX)
    ? (findFirst ??= compileSchema('firstError'))
    : findEvery;
  if (!fitsSchema(candidate)) {
    // That a name is not valid follows the error that says why.
    const errors = (fitsSchema.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames');
    throw manifestInvalid(errors.slice(0, VIOLATIONS_MAX).map(manifestViolation), errors.length);
  }
  const violations = crossCheck(candidate);
  if (violations.length > 0) throw manifestInvalid(violations.slice(0, VIOLATIONS_MAX), violations.length);
  return candidate;
}

function hasMoreValues(value: JsonValue, max: number): boolean {
  let values = 0;
  const pending: JsonValue[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    values += 1;
    if (values > max) return true;
    if (typeof next === 'object' && next !== null)
      for (const below of Object.values(next)) pending.push(below);
  }
  return false;
}

/** @param count of all violations, of which these are the first */
function manifestInvalid(violations: readonly Violation[], count: number): Refusal {
  const [first] = violations;
  const more = count > 1 ? ` (and ${count - 1} more)` : '';
  return new Refusal('manifest_invalid', {
    detail: `${first?.pointer || '/'}: ${first?.message}${more}.`,
    violations,
  });
}
