/** Organizations, members, posts and events from JSON files. */
import type { Plugin } from 'souk/sdk';
import { makeImporter } from '../../import-kit/importer.ts';
import { readObjects } from './objects.ts';

export default makeImporter(readObjects) satisfies Plugin;
