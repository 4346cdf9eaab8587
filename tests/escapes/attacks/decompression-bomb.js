// outcome: exceededCpu, exceededMemory, exception
// What was compressed a thousandfold is written to a decompressor that nobody reads, again and again.
export default {
  async fetch() {
    const zeros = new Blob([new Uint8Array(1 << 20)]);
    const small = await new Response(zeros.stream().pipeThrough(new CompressionStream('gzip'))).bytes();
    for (;;) void new DecompressionStream('gzip').writable.getWriter().write(small);
  },
};
