// outcome: exceededCpu
while (true);
export default { fetch: () => new Response('never') };
