/**
 * Libraries that are no part of the startup snapshot: the runner has their texts, and an isolate evaluates one when a
 * plugin first touches what it brings.
 *
 * The function that evaluates was captured before guest code ran, and the text comes from our own process alone.
 */
import { bound } from './bound.ts';
import { toASCII } from './domain.ts';
import { evaluate } from './intrinsics.ts';
import { percentEncodeAfterEncoding, utf8DecodeWithoutBOM, utf8Encode } from './url-encoding.ts';

type Definition = (
  module: { exports: object },
  exports: object,
  require: (name: string) => object | undefined,
) => void;

/** @returns what the library exports */
export function openLibrary(name: string): object {
  const define = evaluate(bound().library(name)) as Definition;
  const module = { exports: {} };
  define(module, module.exports, ownModule);
  return module.exports;
}

/** What stands in for the modules that `bundle.ts` kept out of a library. */
function ownModule(name: string): object | undefined {
  switch (name) {
    case 'souk:domain':
      return { toASCII };
    case 'souk:url-encoding':
      return { percentEncodeAfterEncoding, utf8DecodeWithoutBOM, utf8Encode };
    default:
      return undefined;
  }
}
