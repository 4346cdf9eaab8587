// outcome: exceededCpu
// A thousand messages go to and fro between the ports of a channel.
export default {
  async fetch() {
    const { port1, port2 } = new MessageChannel();
    for (const port of [port1, port2]) port.onmessage = ({ data }) => port.postMessage(data);
    for (let message = 0; message < 1_000; message++) port1.postMessage(message);
    await new Promise(() => {});
  },
};
