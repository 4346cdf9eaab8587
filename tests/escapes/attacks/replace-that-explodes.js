// outcome: exceededMemory, exceededCpu, exception, runnerDied
export default { fetch: () => new Response('a'.repeat(2 ** 25).replace(/a/g, '$&$&$&$&$&$&$&$&').length) };
