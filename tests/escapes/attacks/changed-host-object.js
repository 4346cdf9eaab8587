// outcome: ok
// answer: ["TypeError","TypeError","TypeError","TypeError"]
export default {
  fetch(request, host) {
    const tries = [
      () => {
        host.kv = null;
      },
      () => {
        host.kv.get = () => 1;
      },
      () => {
        delete host.config;
      },
      () => {
        host.caller.kind = 'system';
      },
    ];
    return Response.json(
      tries.map((attempt) => {
        try {
          attempt();
          return 'changed';
        } catch (e) {
          return e.name;
        }
      }),
    );
  },
};
