/**
 * A runner: the process in which isolates live. It obeys the frames of its supervisor, one after the other, and holds
 * nothing worth stealing: no environment, no network, no files but its own code, no data but that of its guests.
 *
 * Started with the path of the engine's native file as its one argument.
 */
import { loadEngine } from './engine.ts';
import { createRunner } from './runner.ts';

// What fails here for want of stack is the guest's error, which has no business with the paths of this server.
Error.stackTraceLimit = 0;
const engine = loadEngine(String(process.argv[2]));
// A rejection that surfaces here comes from a guest through the engine; the watchdog judges, the process goes on.
process.on('unhandledRejection', () => {});
createRunner(engine);
