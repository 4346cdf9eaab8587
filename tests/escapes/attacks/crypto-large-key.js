// outcome: ok
// answer: "NotSupportedError"
export default {
  async fetch() {
    const publicExponent = new Uint8Array([1, 0, 1]);
    const algorithm = { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 4_096, publicExponent };
    const end = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']).catch((error) => error);
    return Response.json(end.name);
  },
};
