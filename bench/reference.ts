import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Reference = { readonly url: string; readonly pid: number; stop(): Promise<void> };

/** Starts the bare Hono server with the arguments that it documents. */
export function startReference(args: readonly string[] = []): Promise<Reference> {
  return start('bare-hono.ts', args);
}

/** Starts the server that has not even Hono. */
export function startBareHttp(): Promise<Reference> {
  return start('bare-http.ts', []);
}

async function start(script: string, args: readonly string[]): Promise<Reference> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    },
  };
}
