// outcome: ok
// answer: []
// What a host call rejects with must be an error of this realm, with a stack of this realm.
export default {
  async fetch(request, host) {
    const found = [];
    Error.prepareStackTrace = (error, sites) => {
      for (const site of sites) {
        const fn = site.getFunction();
        if (fn) found.push(String(fn).slice(0, 20), fn.arguments ? 'arguments' : '');
        const self = site.getThis();
        if (self !== undefined && self !== null && self !== globalThis) found.push(Object.keys(self).join());
      }
      return '';
    };
    for (const call of [
      () => host.kv.get(1),
      () => host.kv.get('a'),
      () => host.kv.set('a', 1n),
      () => host.nothing,
    ]) {
      try {
        await call();
      } catch (error) {
        void error.stack;
        if (!(error instanceof Error)) found.push('an error of another realm');
        let at = error;
        while (at) {
          if (at.constructor && at.constructor.constructor !== Function)
            found.push('a Function of another realm');
          at = Object.getPrototypeOf(at);
        }
      }
    }
    return Response.json(
      found.filter((text) => /isolated|native code.*post|arguments|another realm/.test(text)),
    );
  },
};
