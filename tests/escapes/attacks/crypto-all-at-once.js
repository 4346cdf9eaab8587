// outcome: ok
// answer: [1000, 0]
// They wait on the plugin's own memory: the runner holds few of them at a time.
export default {
  async fetch() {
    const digests = Array.from({ length: 1_000 }, () => crypto.subtle.digest('SHA-256', new Uint8Array(8)));
    const ends = await Promise.allSettled(digests);
    const fulfilled = ends.filter(({ status }) => status === 'fulfilled').length;
    return Response.json([fulfilled, ends.length - fulfilled]);
  },
};
