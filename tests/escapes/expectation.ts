/** What an attack's first lines say must come of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

export const ATTACKS_FOLDER = join(import.meta.dirname, 'attacks');

export type Attack = {
  readonly source: string;
  /** Any one of these. */
  readonly outcomes: readonly string[];
  /** The exact body of an `ok`, where it matters. */
  readonly answer: unknown;
  readonly grants: 'kv' | 'none';
  readonly trigger: 'endpoint' | 'health';
  /** Where what must come of it is that the deadline passes; otherwise it only ends a hang. */
  readonly deadlineMs: number;
  /** The last call is the one that is judged. */
  readonly calls: number;
};

const DEADLINE_MS = 60_000;

export function readAttack(name: string): Attack {
  const source = readFileSync(join(ATTACKS_FOLDER, name), 'utf8');
  const header = source.split('\n').filter((line) => line.startsWith('// '));
  const field = (key: string): string | undefined =>
    header.find((line) => line.startsWith(`// ${key}: `))?.slice(`// ${key}: `.length);
  const answer = field('answer');
  return {
    source,
    outcomes: (field('outcome') ?? '').split(', '),
    answer: answer === undefined ? undefined : JSON.parse(answer),
    grants: field('grants') === 'none' ? 'none' : 'kv',
    trigger: field('trigger') === 'health' ? 'health' : 'endpoint',
    deadlineMs: Number(field('deadlineMs') ?? DEADLINE_MS),
    calls: Number(field('calls') ?? 1),
  };
}

/** @returns whether the host withstood: the end is one that the attack's file allows */
export function isWithstood(attack: Attack, outcome: string, json: unknown): boolean {
  return (
    attack.outcomes.includes(outcome) &&
    (attack.answer === undefined || isDeepStrictEqual(json, attack.answer))
  );
}
