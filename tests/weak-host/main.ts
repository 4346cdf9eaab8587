/**
 * A host of the kind that Souk must not be: plugins in `node:vm` contexts of one process, with functions of the host in
 * their hands, no limit on anything and no permission checked. It exists so that the attacks of `tests/escapes` are seen
 * to succeed somewhere; nothing of the product comes near it.
 *
 * Reads `{ source, calls, neighbour }` from its standard input, and writes one line of JSON for each plugin.
 */
import { text } from 'node:stream/consumers';
import { createContext, SourceTextModule, type Context, type Module } from 'node:vm';

type Plugin = { fetch(request: Request, host: object): Response | Promise<Response> };
type Task = { readonly source: string; readonly calls: number; readonly neighbour: string };

const { source, calls, neighbour } = JSON.parse(await text(process.stdin)) as Task;
process.stdout.write(`${JSON.stringify(await serve(source, calls))}\n`);
process.stdout.write(`${JSON.stringify(await serve(neighbour, 1))}\n`);

async function serve(code: string, times: number): Promise<{ outcome: string; json: unknown }> {
  try {
    const plugin = await load(code);
    let answer = '';
    for (let call = 0; call < times; call++)
      answer = await (await plugin.fetch(new Request('https://souk.test/hello'), createHost())).text();
    return { outcome: 'ok', json: answer.length < 1_000 ? JSON.parse(answer) : null };
  } catch (error) {
    return { outcome: 'exception', json: (error as Error).message };
  }
}

/** Built anew for each call and never taken back. */
function createHost(): object {
  const values = new Map<string, unknown>();
  return {
    config: { greeting: 'halo' },
    caller: { kind: 'anonymous' },
    log: { info: (line: string) => process.stderr.write(`${line}\n`) },
    kv: {
      get: async (key: string) => {
        if (typeof key !== 'string') throw new TypeError('a key is a string');
        return values.get(key) ?? null;
      },
      set: async (key: string, value: unknown) => void values.set(key, value),
    },
  };
}

async function load(code: string): Promise<Plugin> {
  const context = createContext({ Response, Request, console, setTimeout, fetch, URL });
  const module = new SourceTextModule(code, { context, importModuleDynamically: importAnything });
  await module.link((specifier) => importFor(specifier, context));
  await module.evaluate();
  return (module.namespace as { default: Plugin }).default;
}

async function importAnything(specifier: string): Promise<Module> {
  return (await import(specifier)) as Module;
}

/** Modules of the host, for whoever asks. */
async function importFor(specifier: string, context: Context): Promise<Module> {
  const { SyntheticModule } = await import('node:vm');
  const found = (await import(specifier)) as Record<string, unknown>;
  const names = Object.keys(found);
  return new SyntheticModule(
    names,
    function (this: { setExport(name: string, value: unknown): void }) {
      for (const name of names) this.setExport(name, found[name]);
    },
    { context },
  );
}
