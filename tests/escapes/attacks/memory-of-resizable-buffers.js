// outcome: exceededMemory, exception, exceededCpu
export default {
  fetch() {
    const kept = [];
    for (;;) {
      const buffer = new ArrayBuffer(1, { maxByteLength: 100_000_000 });
      buffer.resize(100_000_000);
      new Uint8Array(buffer).fill(1);
      kept.push(buffer);
    }
  },
};
