import type { ErrorObject } from 'ajv/dist/2020.js';
import { nearestName } from './nearest-name.ts';
import type { Violation } from './refusal.ts';
import { toPointer } from './strict-json.ts';

const VALUE_CHARS_SHOWN = 80;

/** An ajv error as a sentence: what was found, which rule it breaks, and the nearest known name where there is one. */
export function manifestViolation(error: ErrorObject): Violation {
  const { keyword, params, parentSchema } = error;
  const pointer = pointerOf(error);
  switch (keyword) {
    case 'additionalProperties':
      return unknownKey(error, String(params['additionalProperty']));
    case 'enum':
      return {
        pointer,
        message: `${shown(error.data)} is not an allowed value`,
        hint: nearestOf(error.data, params['allowedValues'] as string[]),
      };
    case 'required':
      return { pointer: pointer + toPointer([String(params['missingProperty'])]), message: 'is missing' };
    case 'const':
      return { pointer, message: `must be ${shown(error.schema)}, and is ${shown(error.data)}` };
    case 'type':
      return {
        pointer,
        message: `${error.message}, and is ${typeOf(error.data)}`,
        ...describedBy(parentSchema),
      };
    case 'pattern':
      return {
        pointer,
        message: `${shown(error.data)} does not have the form that it must have here`,
        ...describedBy(parentSchema),
      };
    default:
      return { pointer, message: error.message ?? 'is not valid', ...describedBy(parentSchema) };
  }
}

/** Of a value, or of the key whose name is at fault. */
function pointerOf({ instancePath, propertyName }: ErrorObject): string {
  return propertyName === undefined ? instancePath : instancePath + toPointer([propertyName]);
}

function unknownKey({ instancePath, parentSchema }: ErrorObject, key: string): Violation {
  const known = Object.keys((parentSchema?.['properties'] as object | undefined) ?? {});
  const nearest = nearestName(key, known);
  return {
    pointer: instancePath + toPointer([key]),
    message: `the key ${JSON.stringify(key)} is not known here`,
    hint: nearest ? `Did you mean ${JSON.stringify(nearest)}?` : `Known keys: ${known.join(', ')}.`,
  };
}

function nearestOf(value: unknown, allowed: readonly string[]): string {
  // Of an object, such as {"toString": 1}, the engine may be unable to make a text.
  const nearest = typeof value === 'string' ? nearestName(value, allowed) : undefined;
  return nearest ? `Did you mean ${JSON.stringify(nearest)}?` : `Known values: ${allowed.join(', ')}.`;
}

/** In JSON, shortened; beyond ASCII as code points, for a letter of another script looks just right. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  const short = text.length > VALUE_CHARS_SHOWN ? `${text.slice(0, VALUE_CHARS_SHOWN)}…` : text;
  return short.replaceAll(/[^ -~…]/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
}

/** As JSON Schema calls it, which the rule does too. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function describedBy(schema: object | undefined): { hint?: string } {
  const hint = (schema as { description?: string } | undefined)?.description;
  return hint === undefined ? {} : { hint };
}
