/** The packages of plugins-examples/, in an order in which each can be published: dependencies first. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../spec/refusal.ts';

const EXAMPLES = join(import.meta.dirname, '..', 'plugins-examples');

export type Example = {
  /** `publisher/name`. */
  readonly id: string;
  readonly publisher: string;
  readonly name: string;
  readonly folder: string;
  readonly title: string;
  readonly needs: readonly string[];
};

export function listExamples(): Example[] {
  return dependenciesFirst(foldersOf(EXAMPLES).flatMap(readPublisher));
}

/** @returns the names, each once, in the order of the examples */
export function publishersOf(examples: readonly Example[]): string[] {
  return [...new Set(examples.map(({ publisher }) => publisher))];
}

function readPublisher(publisher: string): Example[] {
  return foldersOf(join(EXAMPLES, publisher)).flatMap((name) => {
    const folder = join(EXAMPLES, publisher, name);
    const path = join(folder, 'manifest.json');
    // What several packages share lies beside them and is none.
    if (!existsSync(path)) return [];
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
      name: string;
      dependencies?: Record<string, string>;
    };
    const needs = Object.keys(manifest.dependencies ?? {});
    return [{ id: `${publisher}/${name}`, publisher, name, folder, title: manifest.name, needs }];
  });
}

function foldersOf(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function dependenciesFirst(examples: readonly Example[]): Example[] {
  const ordered = new Map<string, Example>();
  let waiting = [...examples];
  while (waiting.length > 0) {
    const ready = waiting.filter(({ needs }) => needs.every((id) => ordered.has(id)));
    if (ready.length === 0) throw new Fault(`${waiting[0]?.id} needs what is no example`);
    for (const example of ready) ordered.set(example.id, example);
    waiting = waiting.filter(({ id }) => !ordered.has(id));
  }
  return [...ordered.values()];
}
