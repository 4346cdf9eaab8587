export { listModules, readModule } from './module-view.ts';
