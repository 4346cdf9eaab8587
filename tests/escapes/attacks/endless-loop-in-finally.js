// outcome: exceededCpu
export default {
  fetch() {
    for (;;) {
      try {
        while (true);
      } finally {
        continue;
      }
    }
  },
};
