// outcome: ok
// answer: ["TypeError","TypeError","TypeError"]
// Arguments that change between two looks: each is turned into text once, here, and is judged as that text.
export default {
  async fetch(request, host) {
    let looks = 0;
    const shifty = { toString: () => (looks++ ? 'b' : 'a'), toJSON: () => ({ nested: true }) };
    const tries = [
      () => host.kv.get(shifty),
      () => host.kv.get(new Proxy({}, { get: () => () => 1 })),
      () =>
        host.kv.get({
          toJSON() {
            throw new TypeError('no');
          },
        }),
    ];
    const names = [];
    for (const attempt of tries)
      names.push(
        await attempt().then(
          () => 'accepted',
          (error) => error.name,
        ),
      );
    return Response.json(names);
  },
};
