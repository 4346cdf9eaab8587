// outcome: ok
// answer: ["A",true,1]
// Parts of the web APIs load late: constructors that were replaced before learn nothing of the host, and it goes on.
const RealPromise = Promise;
const RealSymbol = Symbol;
export default {
  async fetch(request, host) {
    const made = [];
    globalThis.Promise = class extends RealPromise {
      constructor(executor) {
        super((resolve, reject) => {
          made.push([resolve, reject]);
          executor(resolve, reject);
        });
      }
    };
    globalThis.Symbol = Object.assign((description) => RealSymbol(description), {
      iterator: RealSymbol.iterator,
      asyncIterator: RealSymbol.asyncIterator,
      toStringTag: RealSymbol.toStringTag,
      for: RealSymbol.for,
    });
    const stream = new ReadableStream({ pull: (c) => (c.enqueue(new Uint8Array([65])), c.close()) });
    const text = await new Response(stream).text();
    for (const [resolve, reject] of made) (resolve('forged'), reject('forged'));
    const { aborted } = AbortSignal.abort();
    await host.kv.set('a', 1);
    return Response.json([text, aborted, await host.kv.get('a')]);
  },
};
