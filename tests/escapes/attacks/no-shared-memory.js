// outcome: ok
// answer: []
const names = ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry'];
export default {
  fetch() {
    const found = names.filter((name) => name in globalThis);
    for (const name of names) {
      try {
        if (typeof new Function(`return ${name}`)() !== 'undefined') found.push(`${name} through Function`);
      } catch {}
    }
    return Response.json(found);
  },
};
