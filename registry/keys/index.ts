export { createKeyChallenge } from './challenge.ts';
export { type AcceptedKeys, acceptFirstKeys, acceptNextKeys, type KeyPorts } from './accept-keys.ts';
export { type KeyDocumentRecord, listKeyDocuments } from './key-store.ts';
