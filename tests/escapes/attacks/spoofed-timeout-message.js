// outcome: ok
// answer: "answered"
// The words of the engine in a guest's own rejection must not be read as the engine's.
export default {
  fetch() {
    Promise.reject(new Error('Script execution timed out.'));
    return Response.json('answered');
  },
};
