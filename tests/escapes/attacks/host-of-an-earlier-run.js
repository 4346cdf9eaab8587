// outcome: ok
// answer: ["Error","","Error",false]
// calls: 2
// What belongs to a call is of no use to a later one: its host object, its request, what it read of the kv.
let kept;
const endOf = async (act) => {
  try {
    return await act();
  } catch (error) {
    return error.constructor.name;
  }
};
export default {
  async fetch(request, host) {
    kept ??= { request, host, get: host.kv.get };
    if (kept.host === host) return Response.json(await request.text());
    return Response.json([
      await endOf(() => kept.host.kv.get('a')),
      await endOf(() => kept.request.text()),
      await endOf(() => kept.get('a')),
      kept.request.signal.aborted,
    ]);
  },
};
