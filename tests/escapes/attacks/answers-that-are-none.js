// outcome: exception
// What only claims to be a Response is none, though every instanceof says so.
Object.defineProperty(Response, Symbol.hasInstance, { value: () => true });
export default {
  async fetch() {
    return new Proxy(new Response('x'), {});
  },
};
