// outcome: ok
// answer: [300, 0]
// They wait on the plugin's own memory: the runner holds 256 of them at most, and 32 of one run.
export default {
  async fetch() {
    const digests = Array.from({ length: 300 }, () => crypto.subtle.digest('SHA-256', new Uint8Array(8)));
    const ends = await Promise.allSettled(digests);
    const fulfilled = ends.filter(({ status }) => status === 'fulfilled').length;
    return Response.json([fulfilled, ends.length - fulfilled]);
  },
};
