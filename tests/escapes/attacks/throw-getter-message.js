// outcome: exceededCpu
export default {
  fetch() {
    throw {
      get message() {
        for (;;);
      },
    };
  },
};
