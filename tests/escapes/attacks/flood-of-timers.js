// outcome: exceededWallTime, exceededCpu
// deadlineMs: 300
export default {
  fetch() {
    for (let i = 0; i < 1_000_000; i++) setTimeout(() => {}, 1_000_000);
    return new Promise(() => {});
  },
};
