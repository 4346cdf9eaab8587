/**
 * Whether a contract still is what its version promised, to both sides: who implements it and who calls it.
 *
 * Within a major version may come: an optional property of an object that is there, an error code, other words in
 * titles and descriptions. Everything else changes what one side may rely on, and needs a new major:
 *
 * - a property that becomes required: who calls does not send it, who implements does not answer it;
 * - a wider type, range or list of values: who implements (input) or calls (output) does not know it;
 * - a narrower one: the other side breaks;
 * - an action or error code that goes, or an action that comes: every implementation would have to have it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Violation } from '../refusal.ts';
import { toPointer } from '../strict-json.ts';
import type { Contract, ContractAction } from './contract.ts';

const WORDS: ReadonlySet<string> = new Set(['title', 'description', 'examples', 'deprecated']);

/** @returns each promise of `before` that `next` does not keep; empty when the major version may stay */
export function breakingChanges(before: Contract, next: Contract | undefined): Violation[] {
  if (!next) return [{ pointer: '', message: 'is gone' }];
  const kept = Object.entries(before.actions).flatMap(([name, action]) => {
    const at = toPointer(['actions', name]);
    const same = Object.hasOwn(next.actions, name) ? next.actions[name] : undefined;
    return same ? actionChanges(action, same, at) : [{ pointer: at, message: 'is gone' }];
  });
  const added = Object.keys(next.actions).filter((name) => !Object.hasOwn(before.actions, name));
  const message = 'is new, and every implementation would have to have it';
  return [...kept, ...added.map((name) => ({ pointer: toPointer(['actions', name]), message }))];
}

function actionChanges(before: ContractAction, next: ContractAction, at: string): Violation[] {
  const lost = Object.keys(before.errors).filter((code) => !Object.hasOwn(next.errors, code));
  return [
    ...schemaChanges(before.input, next.input, `${at}/input`),
    ...schemaChanges(before.output, next.output, `${at}/output`),
    ...lost.map((code) => ({ pointer: `${at}/errors${toPointer([code])}`, message: 'is gone' })),
  ];
}

/** Every keyword must be as it was, but for words, for properties that are new and optional, and below. */
function schemaChanges(before: JsonValue, next: JsonValue, at: string): Violation[] {
  if (!isObject(before) || !isObject(next)) {
    return isDeepStrictEqual(before, next) ? [] : [{ pointer: at, message: 'is another schema' }];
  }
  const keywords = new Set([...Object.keys(before), ...Object.keys(next)]);
  return [...keywords]
    .filter((keyword) => !WORDS.has(keyword))
    .flatMap((keyword) => {
      const here = at + toPointer([keyword]);
      const [was, is] = [ownOf(before, keyword), ownOf(next, keyword)];
      if (keyword === 'properties') return propertyChanges(was, is, here);
      if (keyword === 'items' && was !== undefined && is !== undefined) return schemaChanges(was, is, here);
      if (keyword === 'required') return requiredChanges(was, is, here);
      if (isDeepStrictEqual(was, is)) return [];
      return [{ pointer: here, message: `was ${said(was)} and is ${said(is)}` }];
    });
}

function propertyChanges(was: JsonValue | undefined, is: JsonValue | undefined, at: string): Violation[] {
  const next = isObject(is) ? is : {};
  return Object.entries(isObject(was) ? was : {}).flatMap(([name, schema]) => {
    const same = ownOf(next, name);
    const here = at + toPointer([name]);
    return same === undefined ? [{ pointer: here, message: 'is gone' }] : schemaChanges(schema, same, here);
  });
}

function requiredChanges(was: JsonValue | undefined, is: JsonValue | undefined, at: string): Violation[] {
  const [before, next] = [namesOf(was), namesOf(is)];
  return [
    ...next.filter((name) => !before.includes(name)).map((name) => `${name} is required now`),
    ...before.filter((name) => !next.includes(name)).map((name) => `${name} is not required any more`),
  ].map((message) => ({ pointer: at, message }));
}

function namesOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function ownOf(value: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function said(value: JsonValue | undefined): string {
  return value === undefined ? 'not there' : JSON.stringify(value).slice(0, 100);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
