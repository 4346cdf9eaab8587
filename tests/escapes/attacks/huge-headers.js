// outcome: exceededOutput, exception
export default { fetch: () => new Response('', { headers: { 'x-big': 'a'.repeat(2_000_000) } }) };
