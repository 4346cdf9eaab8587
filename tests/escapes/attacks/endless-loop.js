// outcome: exceededCpu
export default {
  fetch() {
    while (true);
  },
};
