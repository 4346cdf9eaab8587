// outcome: ok
// answer: ["PermissionDenied","kv"]
// grants: none
export default {
  async fetch(request, host) {
    try {
      return Response.json(await host.kv.get('a'));
    } catch (error) {
      return Response.json([error.name, error.permission]);
    }
  },
};
