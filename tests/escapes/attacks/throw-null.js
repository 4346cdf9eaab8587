// outcome: exception
export default {
  fetch() {
    throw null;
  },
};
