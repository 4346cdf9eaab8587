// outcome: ok
// answer: "no process"
export default {
  fetch(request, host) {
    const found = [];
    for (const start of [
      host.kv.get,
      host.log.info,
      Response,
      console.log,
      setTimeout,
      fetch,
      (async () => {}).constructor,
    ]) {
      try {
        const made = start.constructor('return typeof process + typeof require + typeof Buffer')();
        if (made !== 'undefinedundefinedundefined' && typeof made === 'string') found.push(made);
      } catch {}
    }
    return Response.json(found.length === 0 ? 'no process' : found);
  },
};
