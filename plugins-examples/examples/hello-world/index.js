/** Answers `GET /hello/:name` with a greeting, in the words that the organization configured. */
export default {
  fetch(request, host) {
    const name = decodeURIComponent(new URL(request.url).pathname.split('/').at(-1));
    return Response.json({ text: `${host.config.greeting}, ${name}!`, org: host.org.slug });
  },

  health(host) {
    return { ok: host.config.greeting.length > 0 };
  },
};
