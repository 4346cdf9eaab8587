/** `souk dev` in a process of its own, as an author has it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');

type Event = { readonly event: string; readonly [member: string]: unknown };

/** One `souk dev --json`, and what it has told so far. */
export class SoukDev {
  readonly #process: ChildProcess;
  readonly #events: Event[] = [];
  readonly #waiting = new Set<() => void>();
  #stderr = '';
  url = '';

  /** @param cwd where its folders are named from */
  constructor(cwd: string, ...words: string[]) {
    const argv = [join(ROOT, 'cli/main.ts'), 'dev', ...words, '--port', '0', '--json'];
    this.#process = spawn(process.execPath, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#events.push(JSON.parse(line) as Event);
      for (const wake of this.#waiting) wake();
    });
    this.#process.once('exit', () => {
      for (const wake of this.#waiting) wake();
    });
  }

  async started(): Promise<this> {
    this.url = String((await this.told('ready'))['url']);
    return this;
  }

  /** The first event, after the first `skip`, that has the name and the members. */
  async told(event: string, members: Readonly<Record<string, unknown>> = {}, skip = 0): Promise<Event> {
    for (;;) {
      const found = this.#events
        .slice(skip)
        .find(
          (each) =>
            each.event === event && Object.entries(members).every(([key, value]) => each[key] === value),
        );
      if (found) return found;
      if (this.#process.exitCode !== null)
        throw new Error(`souk dev ended: ${this.#stderr}${JSON.stringify(this.#events)}`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  get heard(): number {
    return this.#events.length;
  }

  /** The names of the events after the first `skip`. */
  names(skip: number): string[] {
    return this.#events.slice(skip).map(({ event }) => event);
  }

  async call(
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; json: ReturnType<typeof JSON.parse>; headers: Headers }> {
    const answer = await fetch(`${this.url}${path}`, init);
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? null : JSON.parse(text), headers: answer.headers };
  }

  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGINT');
    return ended;
  }
}
