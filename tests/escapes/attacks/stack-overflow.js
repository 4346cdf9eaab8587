// outcome: ok
// answer: "RangeError"
export default {
  fetch() {
    const dive = () => dive() + 1;
    try {
      return dive();
    } catch (error) {
      return Response.json(error.name);
    }
  },
};
