// outcome: ok
// answer: [32, 68]
export default {
  async fetch() {
    const digests = Array.from({ length: 100 }, () => crypto.subtle.digest('SHA-256', new Uint8Array(8)));
    const ends = await Promise.allSettled(digests);
    const fulfilled = ends.filter(({ status }) => status === 'fulfilled').length;
    return Response.json([fulfilled, ends.length - fulfilled]);
  },
};
