// outcome: ok
// answer: "string"
// A getter on Object.prototype once caught a handle of the host on its way through a promise.
export default {
  async fetch(request, host) {
    let caught = 'nothing';
    for (const name of ['then', 'reference', 'copy', 'externalCopy', 'promise', 'timeout', '__proto__x']) {
      Object.defineProperty(Object.prototype, name, {
        configurable: true,
        get() {
          if (typeof this.applySync === 'function' || typeof this.derefInto === 'function')
            caught = 'a handle';
          return undefined;
        },
      });
    }
    await host.kv.set('a', 'b');
    const type = typeof (await host.kv.get('a'));
    return Response.json(caught === 'nothing' ? type : caught);
  },
};
