// outcome: exceededMemory, exceededCpu
export default {
  fetch() {
    const kept = [];
    for (;;) kept.push(new Intl.DateTimeFormat('en', { timeZone: 'UTC', dateStyle: 'full' }));
  },
};
