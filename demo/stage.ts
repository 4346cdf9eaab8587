/** What the story plays on: the command line and plain HTTP, each shown as a person would type it. */
import { run } from '../cli/main.ts';
import { createApi, type Api } from './api.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { Fault } from '../spec/refusal.ts';
import type { Screen } from './screen.ts';
import type { ServedAt } from './server-process.ts';

export type Stage = {
  readonly screen: Screen;
  /** Where the author works. */
  readonly folder: string;
  /** Runs `souk …`, which has to end with 0, and shows what it prints. */
  readonly souk: (...argv: string[]) => Promise<readonly string[]>;
  /** The same, without a word. */
  readonly soukQuietly: (...argv: string[]) => Promise<readonly string[]>;
  readonly api: Api;
  readonly ledger: Ledger;
  /** Runs `souk …`, which has to be refused with this code, and shows what it prints. */
  readonly soukRefused: (code: string, argv: readonly string[]) => Promise<void>;
  /** Calls a plugin, which has to answer with this status, and shows what it answers. */
  readonly call: (status: number, method: 'GET' | 'POST', path: string, body?: object) => Promise<Answer>;
};

export type Answer = Readonly<Record<string, unknown>>;

type Ran = { readonly exitCode: number; readonly lines: readonly string[] };

export function createStage(screen: Screen, folder: string, server: ServedAt): Stage {
  const environment = { SOUK_URL: server.url, SOUK_TOKEN: server.token, SOUK_ORG: 'acme', HOME: folder };
  const runTo = async (exitCode: number, argv: readonly string[]): Promise<readonly string[]> => {
    const ran = await runSouk(argv, folder, environment);
    if (ran.exitCode === exitCode) return ran.lines;
    const said = ran.lines.join('\n');
    throw new Fault(`souk ${argv[0]} ended with ${ran.exitCode}, not ${exitCode}:\n${said}`);
  };
  const step = async (exitCode: number, argv: readonly string[]): Promise<readonly string[]> => {
    const lines = await screen.step(`souk ${argv.map(quoted).join(' ')}`, () => runTo(exitCode, argv));
    screen.shown(lines);
    return lines;
  };
  return {
    screen,
    folder,
    souk: (...argv) => step(0, argv),
    soukQuietly: (...argv) => runTo(0, argv),
    api: createApi(screen, server),
    ledger: createLedger(),
    soukRefused: async (code, argv) => {
      const lines = await step(1, argv);
      if (lines[0] !== `refused: ${code}`) throw new Fault(`it was refused for another reason than ${code}`);
    },
    call: (status, method, path, body) => callPlugin(screen, server.url, { status, method, path, body }),
  };
}

/** As it would be typed into a shell. */
function quoted(word: string): string {
  return /^[\w@./:=-]+$/u.test(word) ? word : `'${word}'`;
}

async function runSouk(
  argv: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ran> {
  let printed = '';
  const write = (text: string): void => void (printed += text);
  const readIn = (): Promise<string> => Promise.resolve('');
  const exitCode = await run(argv, { cwd, environment, readIn, writeOut: write, writeError: write });
  return { exitCode, lines: printed.trimEnd().split('\n') };
}

type Call = {
  readonly status: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: object | undefined;
};

async function callPlugin(screen: Screen, url: string, call: Call): Promise<Answer> {
  const { status, method, path } = call;
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const address = `${url}/orgs/acme/p/examples${path}`;
  const { answer, text } = await screen.step(`${method} ${address}${body ? ` ${body}` : ''}`, async () => {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(address, { method, headers, ...(body === undefined ? {} : { body }) });
    const found = await response.text();
    if (response.status === status) return { answer: JSON.parse(found) as Answer, text: found };
    throw new Fault(`it answered ${response.status}, not ${status}: ${found}`);
  });
  screen.shown([`${status} ${text}`]);
  return answer;
}

/** @throws Fault when an answer lacks what the story promises */
export function expectMember(answer: Answer, name: string, value: unknown): void {
  if (answer[name] !== value)
    throw new Fault(`${name} is ${JSON.stringify(answer[name])}, not ${JSON.stringify(value)}`);
}
