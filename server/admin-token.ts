import { chmod, open, rename } from 'node:fs/promises';
import { join } from 'node:path';

export const ADMIN_TOKEN_FILE = 'admin-token';

/** Keeps the first token where the operator finds it: a file that its owner alone can read, written whole or not. */
export async function keepAdminToken(dataDir: string, secret: string): Promise<void> {
  const path = join(dataDir, ADMIN_TOKEN_FILE);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${secret}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}
