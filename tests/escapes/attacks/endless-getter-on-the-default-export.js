// outcome: exceededCpu
export default {
  get fetch() {
    for (;;);
  },
};
