// outcome: exceededCpu
// A run that is ended for its processor time has listeners that hear of it, and go on.
export default {
  async fetch(request) {
    request.signal.addEventListener('abort', () => {
      for (;;);
    });
    for (;;) {
      for (let count = 0; count < 1_000_000; count++);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  },
};
