// outcome: exceededCpu
// The engine itself copies what a module throws, outside of any timer: only the watchdog ends it.
throw Object.defineProperty(new Error('x'), 'message', {
  get() {
    for (;;);
  },
});
