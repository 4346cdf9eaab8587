// outcome: exception
export default { fetch: () => new Response('', { headers: { 'x-a': 'b\r\nset-cookie: session=1' } }) };
