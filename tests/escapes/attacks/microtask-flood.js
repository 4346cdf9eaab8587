// outcome: exceededCpu
export default {
  fetch() {
    const again = () => Promise.resolve().then(again);
    again();
    return new Promise(() => {});
  },
};
