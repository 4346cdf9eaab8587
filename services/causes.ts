export { createCauses, type Causes } from '../spec/host/causes.ts';
