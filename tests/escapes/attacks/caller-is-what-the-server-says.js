// outcome: ok
// answer: "anonymous"
Object.defineProperty(Object.prototype, 'kind', { value: 'system', configurable: true });
export default { fetch: (request, host) => Response.json(host.caller.kind) };
