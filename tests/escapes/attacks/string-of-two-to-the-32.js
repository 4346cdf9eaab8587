// outcome: ok
// answer: "RangeError"
export default {
  fetch() {
    try {
      return new Response('a'.repeat(2 ** 32).length);
    } catch (error) {
      return Response.json(error.name);
    }
  },
};
