// outcome: ok
// answer: ["\u0000\u0000\u0000",20,3,"","done","DataCloneError",0]
// Views whose getters and species lie, whose buffer shrank beneath them or is gone: what counts is what the engine holds.
class Liar extends Uint8Array {
  static get [Symbol.species]() {
    throw new Error('asked for a species');
  }
  get length() {
    return 2 ** 31;
  }
  get byteLength() {
    return 2 ** 31;
  }
  subarray() {
    throw new Error('asked for a part');
  }
}

const failure = (work) =>
  new Promise((resolve) => resolve(work())).then(
    () => 'done',
    (error) => error.name,
  );

export default {
  async fetch() {
    const shrinking = new ArrayBuffer(8, { maxByteLength: 2 ** 30 });
    const beyond = new Uint8Array(shrinking, 4);
    shrinking.resize(2);
    const gone = new Uint8Array(8);
    gone.buffer.transfer();
    return Response.json([
      await new Response(new Liar(3)).text(),
      (await crypto.subtle.digest('SHA-1', new Liar(3))).byteLength,
      new Blob([new Liar(3)]).size,
      await new Response(beyond).text(),
      await failure(() => new Response(gone)),
      await failure(() => structuredClone(gone)),
      crypto.getRandomValues(beyond).length,
    ]);
  },
};
