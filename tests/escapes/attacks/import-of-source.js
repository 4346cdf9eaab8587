// outcome: exception
// A phase of imports that the engine asks its embedder for, which has none to give.
import source self from './index.js';
export default { fetch: () => new Response(typeof self) };
