// outcome: exception
// calls: 2
// The answer of an earlier call, body and all, is not there for a later one.
let kept;
export default {
  async fetch() {
    kept ??= new Response('for the first caller');
    return kept;
  },
};
