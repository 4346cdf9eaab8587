// outcome: exceededCpu
// Derivations run on other threads than the plugin; their time is charged all the same.
const derive = async () => {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
  const algorithm = { name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(8), iterations: 1_000_000 };
  return crypto.subtle.deriveBits(algorithm, key, 256);
};
export default {
  async fetch() {
    for (;;) await Promise.all([derive(), derive(), derive(), derive()]);
  },
};
