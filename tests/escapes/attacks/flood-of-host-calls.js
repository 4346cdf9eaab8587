// outcome: exception
export default {
  async fetch(request, host) {
    for (;;) await Promise.all(Array.from({ length: 1_000 }, () => host.kv.get('a')));
  },
};
