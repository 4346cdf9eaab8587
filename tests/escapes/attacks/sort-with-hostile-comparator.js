// outcome: exceededCpu
export default {
  fetch: () =>
    Array.from({ length: 100 }, (_, i) => i).sort(() => {
      for (;;);
    }),
};
