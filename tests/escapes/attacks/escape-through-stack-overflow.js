// outcome: ok
// answer: [[],1]
// The stack is used up to the last frames, and then the runner is called, which goes on upon it: between its steps it
// would fail, what others have to send would be lost, and its errors would tell of paths of the server.
const paths = ['runner.cjs', 'node:internal', 'souk-runtime'];
const told = new Set();
const note = (error) => {
  for (const path of paths) if (String(error?.stack).includes(path)) told.add(path);
};
export default {
  async fetch(request, host) {
    const calls = [
      () => host.log.info('x'),
      () => crypto.randomUUID(),
      () => host.kv.get('a').catch(note),
      () => setTimeout(() => {}, 1),
      () => crypto.subtle.digest('SHA-1', new Uint8Array(1)).catch(note),
      () => new URL('http://ü.de/'),
    ];
    const dives = [(dive) => dive(), (dive, a) => dive(a), (dive, ...rest) => dive.call(null, ...rest)];
    for (let round = 0; round < 300; round++) {
      let left = 30;
      const dive = () => {
        try {
          dives[round % dives.length](dive, 1, 2);
        } catch (error) {
          note(error);
        }
        if (left-- <= 0) return;
        try {
          calls[round % calls.length]();
        } catch (error) {
          note(error);
        }
      };
      dive();
      // Each step is short.
      if (round % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    await host.kv.set('a', 1);
    return Response.json([[...told], await host.kv.get('a')]);
  },
};
