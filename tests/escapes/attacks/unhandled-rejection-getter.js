// outcome: ok, exceededCpu
export default {
  fetch() {
    Promise.reject({
      get message() {
        for (;;);
      },
    });
    return new Response('"answered"');
  },
};
