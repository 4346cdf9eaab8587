/**
 * A runner: the process in which isolates live. It obeys the frames of its supervisor, one after the other, and holds
 * nothing worth stealing: no environment, no network, no files but its own code, no data but that of its guests.
 *
 * Started with the path of the engine's native file as its one argument.
 */
import { loadEngine } from './engine.ts';
import { createRunner } from './runner.ts';

const engine = loadEngine(String(process.argv[2]));
// A rejection that surfaces here comes from a guest through the engine; the watchdog judges, the process goes on.
process.on('unhandledRejection', () => {});
createRunner(engine);
