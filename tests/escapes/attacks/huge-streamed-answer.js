// outcome: exceededOutput
export default {
  fetch: () =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(100_000)) })),
};
