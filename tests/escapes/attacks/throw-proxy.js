// outcome: exception
export default {
  fetch() {
    throw new Proxy(
      {},
      {
        get() {
          throw new Error('no');
        },
      },
    );
  },
};
