// outcome: ok
// answer: true
// Stacks of denied calls show the plugin's own files and no file of the server.
export default {
  async fetch(request, host) {
    try {
      await host.kv.get(1);
    } catch (error) {
      return Response.json(!/\.ts|\.cjs|node_modules|\/tmp|\/home|node:/.test(error.stack));
    }
  },
};
