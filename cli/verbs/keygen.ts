import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatPrivateKeyFile, formatPublicKeyFile, PrivateKey } from '../../signing/index.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { createOutput, requireAbsent } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';

const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/** `souk keygen <name>`: `<name>.key`, for the author alone, and `<name>.pub`, for everybody. */
export function registerKeygen(shell: Shell): void {
  shell
    .verb('keygen', 'make a signing key: <name>.key (private, mode 0600) and <name>.pub')
    .argument('<name>', 'path of the two files without their endings')
    .action((name: string, options: { json?: boolean }) =>
      shell.report(options, () => keygen(shell.io, name)),
    );
}

async function keygen(io: Io, name: string): Promise<Report> {
  const [privatePath, publicPath] = [`${name}.key`, `${name}.pub`];
  requireAbsent(io, publicPath);
  const key = PrivateKey.generate();
  await createOutput(io, privatePath, formatPrivateKeyFile(key), PRIVATE_MODE);
  await writePublicHalf(io, privatePath, publicPath, key);
  const { id } = key.publicKey;
  return {
    exitCode: EXIT_CODES.ok,
    lines: [`made ${privatePath} (keep it to yourself)`, `made ${publicPath}`, `key id ${id}`],
    data: { keyid: id, key: key.publicKey.toBase64(), privateFile: privatePath, publicFile: publicPath },
  };
}

/** A private key without its public half would be a key that nobody knows of. */
async function writePublicHalf(
  io: Io,
  privatePath: string,
  publicPath: string,
  key: PrivateKey,
): Promise<void> {
  try {
    await createOutput(io, publicPath, formatPublicKeyFile(key.publicKey), PUBLIC_MODE);
  } catch (error) {
    await rm(resolve(io.cwd, privatePath), { force: true });
    throw error;
  }
}
