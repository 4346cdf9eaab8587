// outcome: exception
// Whatever looks at the prototype of what was thrown throws itself.
export default {
  async fetch() {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  },
};
