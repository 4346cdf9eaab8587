// outcome: ok
// answer: {"seen":[],"evaluated":0,"path":"/b","test":true,"text":"ab"}
// Parts of the web APIs are evaluated at their first touch. By then the guest has replaced what evaluates and defines.
const seen = [];
let evaluated = 0;
const toText = Function.prototype.toString;
const reflectApply = Reflect.apply;
const note = (item) => {
  const isFunction = typeof item === 'function';
  if (isFunction && item.name === '' && /native code/.test(reflectApply(toText, item, [])))
    seen.push('bridge');
  if (typeof item === 'string' && item.includes('souk:guest')) seen.push('text');
};
const watch = (owner, name) => {
  const original = owner[name];
  owner[name] = function (...args) {
    for (const item of [this, ...args]) note(item);
    return new.target ? Reflect.construct(original, args) : reflectApply(original, this, args);
  };
};
globalThis.eval = () => {
  evaluated += 1;
  return (module) => (module.exports = { URL: Object, URLSearchParams: Object });
};
for (const name of ['defineProperty', 'defineProperties', 'getOwnPropertyNames', 'assign', 'freeze'])
  watch(Object, name);
for (const name of ['apply', 'get', 'defineProperty', 'ownKeys']) watch(Reflect, name);
for (const name of ['call', 'apply', 'bind']) watch(Function.prototype, name);
for (const name of ['get', 'set', 'has']) watch(Map.prototype, name);
for (const name of ['exports', 'module', 'require', 'library'])
  Object.defineProperty(Object.prototype, name, {
    configurable: true,
    set: (value) => seen.push(`${name} ${typeof value}`),
  });
export default {
  async fetch() {
    const path = new URL('http://a/b').pathname;
    const test = new URLPattern({ pathname: '/:x' }).test('http://a/b');
    const chunks = ['a', 'b'].map((letter) => letter.charCodeAt(0));
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(chunks));
        controller.close();
      },
    });
    const text = await new Response(stream).text();
    return new Response(JSON.stringify({ seen, evaluated, path, test, text }));
  },
};
