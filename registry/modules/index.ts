export { loadModules } from './load-modules.ts';
export { listModules, readModule } from './module-view.ts';
