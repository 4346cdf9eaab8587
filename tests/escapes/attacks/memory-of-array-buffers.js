// outcome: exceededMemory, exception, exceededCpu
export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new Uint8Array(8_000_000).fill(1));
  },
};
