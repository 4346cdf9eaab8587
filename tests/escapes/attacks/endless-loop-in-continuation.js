// outcome: exceededCpu
export default {
  async fetch(request, host) {
    await host.kv.get('a');
    while (true);
  },
};
