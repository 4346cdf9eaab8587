export { createKeyChallenge } from './challenge.ts';
export { acceptFirstKeys, acceptNextKeys, type KeyPorts } from './accept-keys.ts';
export { listKeyDocuments } from './key-store.ts';
