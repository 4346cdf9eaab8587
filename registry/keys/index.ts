export { createKeyChallenge } from './challenge.ts';
export { acceptFirstKeys, acceptNextKeys, type AcceptedKeys } from './accept-keys.ts';
export type { KeyPorts } from './ports.ts';
export { listKeyDocuments } from './key-store.ts';
