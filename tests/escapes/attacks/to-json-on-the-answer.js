// outcome: exception
// What every object inherits makes the head of the answer something that no supervisor could read.
export default {
  async fetch() {
    Object.prototype.toJSON = () => null;
    return new Response('x');
  },
};
