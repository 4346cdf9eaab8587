// outcome: exceededMemory
// V8 gives up the whole process on the first step of this.
export default { fetch: () => Array.prototype.sort.call({ length: 2 ** 53 - 1 }) };
