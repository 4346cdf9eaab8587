/**
 * Keeps what Node compiled of the command from one run to the next. Loaded before it, and no variable: `souk test`
 * hands the environment on to tests that are not ours.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Goes with the files that it is made of. One that cannot be written costs a slower start, nothing else.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/souk', import.meta.url)));
