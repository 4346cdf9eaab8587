export { secretCapabilities } from '../../spec/host/secrets.ts';
export { SECRET_ENTITIES } from './entities.ts';
export { openMasterKeys, type MasterKeySource } from './master-keys.ts';
export { heldSecrets, openSecrets, type Secrets, type SecretView } from './store.ts';
