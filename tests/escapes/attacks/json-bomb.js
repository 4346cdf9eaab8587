// outcome: exception, exceededMemory, exceededCpu
export default { fetch: () => Response.json(JSON.parse('['.repeat(5_000_000) + ']'.repeat(5_000_000))) };
