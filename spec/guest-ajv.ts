/** The compiler of strangers' schemas: as strict as they are read, with patterns that run in linear time. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import { compareAsJson } from './json-equality.ts';

export const FORMATS = [
  'date-time',
  'date',
  'time',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
] as const;

/** `ajv` compiles patterns through this instead of RegExp. */
const linearTimeEngine = Object.assign(
  (pattern: string, _flags: string) => {
    const compiled = RE2JS.compile(pattern);
    return {
      test: (text: string): boolean => compiled.matcher(text).find(),
      // ajv keeps one compiled pattern for each distinct text of it.
      toString: (): string => `/${pattern}/`,
    };
  },
  { code: 'linearTimeEngine' },
);

/** In the place of patterns that were compiled before, one by one, where the code around them alone is in question. */
export const noEngine = Object.assign(
  (pattern: string) => ({ test: (): boolean => true, toString: (): string => `/${pattern}/` }),
  { code: 'noEngine' },
);

/** @param meta whether it can say if a schema is one: to compile the meta-schemas costs more than all the rest */
export function newAjv(
  meta: 'withMetaSchemas' | 'withoutMetaSchemas',
  errors: 'allErrors' | 'firstError',
  engine: typeof linearTimeEngine | typeof noEngine = linearTimeEngine,
): Ajv2020 {
  const ajv = new Ajv2020({
    meta: meta === 'withMetaSchemas',
    validateSchema: meta === 'withMetaSchemas',
    allErrors: errors === 'allErrors',
    strict: false,
    // It would write all the code of what cannot be compiled to the log of the server.
    logger: false,
    // JSON may say 1e999, which is read as Infinity, and that is no number of JSON (RFC 8259, section 6).
    strictNumbers: true,
    ownProperties: true,
    validateFormats: true,
    // Optimizing takes half of the time of compiling, and gains nothing that can be measured in a check.
    code: { regExp: engine as never, optimize: false },
  });
  compareAsJson(ajv);
  (addFormats as unknown as (ajv: Ajv2020, formats: readonly string[]) => void)(ajv, FORMATS);
  return ajv;
}
