// outcome: exceededCpu
export default {
  fetch: () => ({
    get then() {
      for (;;);
    },
  }),
};
