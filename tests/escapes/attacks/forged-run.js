// outcome: ok
// answer: "refused"
// calls: 2
// A host object kept from an earlier run is dead.
let kept;
export default {
  async fetch(request, host) {
    if (!kept) {
      kept = host;
      setTimeout(() => {}, 0);
      return Response.json('refused');
    }
    return kept.kv.get('a').then(
      () => Response.json('allowed'),
      () => Response.json('refused'),
    );
  },
};
