// outcome: exceededCpu
export default { fetch: () => new Response(((1n << 20_000_000n) - 1n).toString()) };
