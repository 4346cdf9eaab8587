// outcome: exceededCpu
// Each step stays below the limit of an entry; their sum does not stay below the budget of a run.
export default {
  async fetch(request, host) {
    for (;;) {
      const until = Date.now() + 100;
      while (Date.now() < until);
      await host.kv.get('a');
    }
  },
};
