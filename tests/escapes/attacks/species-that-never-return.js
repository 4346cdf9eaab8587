// outcome: exceededCpu
// What `then` asks of a promise, the host's answers among them, spins.
const spin = () => {
  for (;;);
};
Object.defineProperty(Promise, Symbol.species, { get: spin });
Object.defineProperty(Promise.prototype, 'constructor', { get: spin });
export default {
  async fetch(request, host) {
    await host.kv.set('a', 1);
    return Response.json(await host.kv.get('a'));
  },
};
