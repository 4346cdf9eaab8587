import { writePinnedTrustFile } from '../../signing/index.ts';
import { ENVELOPE_LIMITS } from '../../spec/limits.ts';
import { isNamespace } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { count } from '../count.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { createOutput, readPublicKey } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';

const FILE_MODE = 0o644;

/** `souk trust <publisher> <key.pub...>`: a trust file that pins the keys of one publisher. */
export function registerTrust(shell: Shell): void {
  shell
    .verb('trust', 'make a trust file that pins the keys of one publisher')
    .argument('<publisher>', 'whose keys they are')
    .argument('<keys...>', 'public key files')
    .option('--threshold <count>', 'how many of them must sign', count(1, ENVELOPE_LIMITS.signaturesMax), 1)
    .option('--out <file>', 'where to write it', 'keys.json')
    .action(
      (publisher: string, keys: string[], options: { threshold: number; out: string; json?: boolean }) =>
        shell.report(options, () => trust(shell.io, publisher, keys, options)),
    );
}

async function trust(
  io: Io,
  publisher: string,
  keyPaths: readonly string[],
  options: { readonly threshold: number; readonly out: string },
): Promise<Report> {
  if (!isNamespace(publisher))
    throw new Refusal('publisher_name_invalid', {
      detail: `${JSON.stringify(publisher)} is no publisher's name.`,
    });
  const keys = await Promise.all(keyPaths.map((path) => readPublicKey(io, path)));
  const { threshold } = options;
  const bytes = writePinnedTrustFile([{ kind: 'pinned', publisher, threshold, keys }]);
  await createOutput(io, options.out, `${Buffer.from(bytes).toString('utf8')}\n`, FILE_MODE);
  const keyids = keys.map((key) => key.id);
  return {
    exitCode: EXIT_CODES.ok,
    lines: [`made ${options.out}`, ...keyids.map((id) => `trusts ${id} for ${publisher}`)],
    data: { file: options.out, publisher, threshold, keyids },
  };
}
