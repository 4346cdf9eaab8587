/** The client side of streams without end, in a process of its own: reads as fast as they come until it is killed. */
const [url = '', connections = '1'] = process.argv.slice(2);

async function read(): Promise<never> {
  for (;;) {
    // A stream that was ended by a limit is opened again.
    await fetch(url).then(drain, () => undefined);
  }
}

async function drain(answer: Response): Promise<void> {
  try {
    for await (const _chunk of answer.body ?? []);
  } catch {
    // Broken off at its limit, as it must be.
  }
}

process.send?.('started');
await Promise.all(Array.from({ length: Number(connections) }, read));
