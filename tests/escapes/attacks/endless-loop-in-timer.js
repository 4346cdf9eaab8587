// outcome: exceededCpu
export default {
  fetch() {
    setTimeout(() => {
      while (true);
    }, 1);
    return new Promise(() => {});
  },
};
