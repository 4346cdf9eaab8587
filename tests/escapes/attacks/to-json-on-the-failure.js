// outcome: exception
// The description of the failure turns into what cannot even be made into text.
export default {
  async fetch() {
    const unprintable = Object.assign(Object.create(null), { toString: 1, valueOf: 1 });
    const failure = Object.assign(Object.create(null), { message: unprintable, stack: unprintable });
    Object.prototype.toJSON = () => failure;
    throw new Error('x');
  },
};
