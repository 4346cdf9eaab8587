// outcome: ok
// answer: [1,"unset",false]
// Every object seems to have the members by which host and guest tell answers, bodies and handlers apart.
const members = [
  'pulledBytesMax',
  'handler',
  'fromVersion',
  'extensions',
  'permission',
  'body',
  'hook',
  'call',
];
export default {
  async fetch(request, host) {
    for (const name of members)
      Object.defineProperty(Object.prototype, name, { configurable: true, writable: true, value: 'unset' });
    await host.kv.set('a', 1);
    return new Response(JSON.stringify([await host.kv.get('a'), {}.handler, 'extensions' in host]));
  },
};
