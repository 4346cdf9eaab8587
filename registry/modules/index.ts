export { loadModules } from './load-modules.ts';
export { ambiguous, listModules, readModule } from './module-view.ts';
export { isSeveral, type OrgRecordType } from './org-modules.ts';
