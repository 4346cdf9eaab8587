// outcome: exceededCpu
Error.prepareStackTrace = () => {
  for (;;);
};
export default {
  fetch() {
    return new Response(new Error('x').stack);
  },
};
