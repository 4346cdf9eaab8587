// outcome: exception
export default {
  fetch: () =>
    new Response(JSON.stringify(new Function('return ' + '['.repeat(200_000) + ']'.repeat(200_000))())),
};
