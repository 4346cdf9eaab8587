// outcome: ok
// answer: ["refused","refused","refused"]
export default {
  async fetch() {
    const tries = ['node:fs', './attack.js', 'data:text/javascript,export default 1'];
    const ends = await Promise.all(
      tries.map((name) =>
        import(name).then(
          () => 'imported',
          () => 'refused',
        ),
      ),
    );
    return Response.json(ends);
  },
};
