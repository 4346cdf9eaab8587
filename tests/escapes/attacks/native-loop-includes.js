// outcome: exceededCpu
// No interrupt is looked at inside: only a kill from outside ends it.
export default { fetch: () => Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1) };
