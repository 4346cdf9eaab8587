// outcome: exceededMemory, exceededCpu
export default {
  fetch() {
    const kept = [];
    for (;;) kept.push({ a: kept.length, b: [kept.length] });
  },
};
