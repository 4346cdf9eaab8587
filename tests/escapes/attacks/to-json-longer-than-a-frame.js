// outcome: exception
// Head and body are each as long as they may be, and together longer than the channel takes.
export default {
  async fetch() {
    const head = Object.assign(Object.create(null), { ['中'.repeat(2 ** 20 - '{"":1}'.length)]: 1 });
    Object.prototype.toJSON = () => head;
    return new Response('x'.repeat(2 ** 20));
  },
};
