// outcome: ok
// answer: "logged"
export default {
  fetch(request, host) {
    for (let i = 0; i < 20_000; i++) host.log.info('x'.repeat(10_000));
    return Response.json('logged');
  },
};
