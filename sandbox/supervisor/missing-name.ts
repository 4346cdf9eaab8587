/** Names that scripts find in pages or in Node and not here: what to take instead, behind the engine's own words. */

const PAGE =
  'plugins have no page; bundle with souk pack, or with the condition "worker", for builds that need none';
const MODULES = 'plugins are ES modules; souk pack makes one of CommonJS, beside a package.json';
const FOLDER = 'plugins have no folder when they run; import what lies there, as JSON or text';
const MEMORY = 'plugins share no memory; take a build without threads';
const STORE = 'keep data with host.kv';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ...['document', 'window', 'DOMParser', 'XMLSerializer', 'Element', 'HTMLElement', 'Node'].map(
    advising(PAGE),
  ),
  ...['require', 'module', 'exports'].map(advising(MODULES)),
  ...['__dirname', '__filename'].map(advising(FOLDER)),
  ...['SharedArrayBuffer', 'Atomics'].map(advising(MEMORY)),
  ...['localStorage', 'sessionStorage', 'indexedDB', 'caches'].map(advising(STORE)),
  [
    'process',
    'plugins run on web standards, not on Node; souk pack stands in for process.env, and for the rest after npm install process',
  ],
  ['Buffer', 'take Uint8Array; or npm install buffer, which souk pack then takes for it'],
  ['setImmediate', 'take setTimeout or queueMicrotask'],
  ['WebAssembly', 'plugins have none; take a package, or a build of it, that is JavaScript alone'],
  ['FinalizationRegistry', 'plugins have none; souk pack stands in for it'],
  ['XMLHttpRequest', 'take fetch'],
  ['WebSocket', 'plugins have none; take a service that is called by fetch'],
  ['Worker', 'plugins have none; take a job for work that lasts'],
]);

const MISSING = /\bReferenceError: (\w+) is not defined/u;

/** @param text what a guest threw, or its stack */
export function withAdvice(text: string): string {
  return text.replace(MISSING, (words, name: string) => {
    const advice = ADVICE.get(name);
    return advice === undefined ? words : `${words} (${advice})`;
  });
}

function advising(advice: string): (name: string) => [string, string] {
  return (name) => [name, advice];
}
