// outcome: exception
export const fetch = () => new Response('never');
