/** Organizations, members, posts and events from CSV files. */
import type { Plugin } from 'souk/sdk';
import { makeImporter } from '../../import-kit/importer.ts';
import { readTable } from './table.ts';

export default makeImporter(readTable) satisfies Plugin;
