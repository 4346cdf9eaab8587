// outcome: exceededMemory, exceededCpu
// Grows by little each time, across continuations.
const kept = [];
export default {
  async fetch(request, host) {
    for (;;) {
      kept.push(new Array(500_000).fill({}));
      await host.kv.get('a');
    }
  },
};
