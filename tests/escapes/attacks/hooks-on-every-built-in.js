// outcome: ok
// answer: []
// Every method that can be replaced looks at what it is called with, while the whole of the web APIs and of the host is used: nothing of the runtime's own passes by.
const { apply, construct, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const toText = Function.prototype.toString;
const seen = [];
let isLooking = true;

function look(value, where) {
  if (typeof value === 'function' && /souk:|soukBoot/.test(apply(toText, value, [])))
    seen[seen.length] = where;
  if (typeof value !== 'object' || value === null) return;
  const keys = ownKeys(value);
  for (let index = 0; index < keys.length; index++)
    if (/^(live|inflow|outflow|watchers|piecesMax|reject)$/.test(keys[index].toString()))
      seen[seen.length] = where + ' ' + keys[index].toString();
}

function hook(owner, key) {
  const descriptor = getOwnPropertyDescriptor(owner, key);
  if (key === 'constructor' || key === 'prototype' || typeof descriptor.value !== 'function') return;
  if (!descriptor.configurable) return;
  const original = descriptor.value;
  const hooked = function (...args) {
    if (isLooking) {
      isLooking = false;
      look(this, key.toString() + ' of');
      for (let index = 0; index < args.length; index++) look(args[index], key.toString());
      isLooking = true;
    }
    return new.target ? construct(original, args, new.target) : apply(original, this, args);
  };
  defineProperty(owner, key, { ...descriptor, value: hooked });
}

const CLASSES = [
  Array,
  String,
  Map,
  Set,
  WeakMap,
  WeakSet,
  Promise,
  RegExp,
  Object,
  Error,
  Uint8Array,
  ArrayBuffer,
  DataView,
  Date,
];
const OWNERS = [
  JSON,
  Reflect,
  Math,
  ...CLASSES,
  ...CLASSES.map((each) => each.prototype),
  Function.prototype,
];

async function useEverything(host) {
  await host.kv.set('a', { x: 1 });
  await host.kv.get('a');
  await host.kv.get(1).catch(() => {});
  await fetch('https://a.test/').catch(() => {});
  host.log.info('a', { a: 1 });
  console.log('%o', { a: 1 });
  await crypto.subtle.digest('SHA-256', crypto.getRandomValues(new Uint8Array(4)));
  structuredClone({ a: new Map([[1, new URL('https://bücher.example/?a=b').href]]) });
  const { signal } = new AbortController();
  await new Promise((resolve) => setTimeout(resolve, 1, signal.aborted));
  const pulling = new ReadableStream({ pull: (c) => (c.enqueue(new Uint8Array(1)), c.close()) });
  await new Response(pulling).clone().text();
  const form = new FormData();
  form.append('a', new File(['x'], 'n'));
  await new Response(form).formData();
}

export default {
  async fetch(request, host) {
    for (let index = 0; index < OWNERS.length; index++) {
      const keys = ownKeys(OWNERS[index]);
      for (let at = 0; at < keys.length; at++) hook(OWNERS[index], keys[at]);
    }
    await useEverything(host);
    isLooking = false;
    return Response.json(seen);
  },
};
