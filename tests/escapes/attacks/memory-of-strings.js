// outcome: exceededMemory, exceededCpu
export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(String(kept.length).padEnd(1_000_000, 'ab').split('').join('-'));
  },
};
