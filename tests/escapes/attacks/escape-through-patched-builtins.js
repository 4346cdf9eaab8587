// outcome: ok
// answer: {"seen":0}
// Patched built-ins must never be given something that belongs to the bridge.
let seen = 0;
const watch = (owner, name) => {
  const original = owner[name];
  owner[name] = function (...args) {
    for (const item of [this, ...args])
      if (
        typeof item === 'function' &&
        /native code/.test(Function.prototype.toString.call(item)) &&
        item.name === ''
      )
        seen += 1;
    return Reflect.apply(original, this, args);
  };
};
for (const name of ['get', 'set', 'has', 'forEach', 'delete']) watch(Map.prototype, name);
watch(JSON, 'stringify');
watch(JSON, 'parse');
watch(Reflect, 'apply');
watch(Function.prototype, 'call');
watch(Function.prototype, 'apply');
export default {
  async fetch(request, host) {
    await host.kv.get('a');
    return new Response(`{"seen":${seen}}`);
  },
};
