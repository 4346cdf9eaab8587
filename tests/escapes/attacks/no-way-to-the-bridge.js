// outcome: ok
// answer: []
const names = ['soukBoot', 'post', 'deliver', 'ivm', 'require', 'process', 'Buffer', 'module'];
export default { fetch: () => Response.json(names.filter((name) => name in globalThis)) };
