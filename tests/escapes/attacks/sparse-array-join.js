// outcome: exceededCpu, exceededMemory, exception
export default {
  fetch() {
    const sparse = [];
    sparse[2 ** 32 - 2] = 1;
    return new Response(sparse.reverse().join().length);
  },
};
