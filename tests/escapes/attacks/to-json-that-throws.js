// outcome: exception
// Neither the answer nor the failure can be written.
export default {
  async fetch() {
    Object.prototype.toJSON = () => {
      throw 1;
    };
    return new Response('x');
  },
};
