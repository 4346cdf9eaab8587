// outcome: ok
// answer: "undefined"
// Whether or not text may become code, it is this isolate's code.
export default {
  fetch() {
    try {
      return Response.json((0, eval)('typeof process'));
    } catch {
      return Response.json('undefined');
    }
  },
};
