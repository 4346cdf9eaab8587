/** Places in bundled code, as the author knows them. */
import type { ReadPackage } from '../registry/package/index.ts';
import { createSourceMaps } from '../sandbox/index.ts';

const PLACE = /^(.+\.m?js):(\d+)$/u;
/** A longer line is minified, and holds places of many sources. */
const LINE_CHARS_MAX = 1_000;

/** @returns a function from `index.js:104` to `src/index.ts:31`, where the package has a source map; all else it leaves */
export function sourcePlaces({ archiveSha256, files }: ReadPackage): (pointer: string) => string {
  const maps = createSourceMaps();
  maps.keep(archiveSha256, files);
  return (pointer) => {
    const [, path = '', line = ''] = PLACE.exec(pointer) ?? [];
    const code = files.get(path);
    const text = code && Buffer.from(code).toString('utf8').split('\n')[Number(line) - 1];
    if (text === undefined || text.length > LINE_CHARS_MAX) return pointer;
    const place = `plugin:///${path}:${line}:${text.search(/\S/u) + 1}`;
    const shown = maps.resolve(archiveSha256, place);
    return shown === place ? pointer : shown.replace(/:\d+$/u, '');
  };
}
