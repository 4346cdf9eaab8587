// outcome: exceededOutput
export default { fetch: () => new Response('a'.repeat(2_000_000)) };
