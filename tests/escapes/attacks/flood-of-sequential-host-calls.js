// outcome: exception
export default {
  async fetch(request, host) {
    for (;;) await host.kv.get('a');
  },
};
