/** The manifest asks for no permission; a name made at run time gets past every reader of the code, and no further. */
const SERVICE = ['k', 'v'].join('');

export default {
  async fetch(request, host) {
    switch (new URL(request.url).pathname) {
      case '/loop':
        for (;;);
      case '/snoop':
        return snoop(host);
      default:
        return Response.json({ well: true });
    }
  },
};

async function snoop(host) {
  try {
    return Response.json({ found: await host[SERVICE].get('visits/home') });
  } catch (error) {
    return Response.json({ denied: error.name, message: error.message }, { status: 403 });
  }
}
