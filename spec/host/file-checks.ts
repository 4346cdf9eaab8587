/** What a file is refused for wherever it is handed in. */
import { FILE_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';

/** @returns the name. @throws Refusal `file_name_invalid` */
export function checkFileName(name: string): string {
  const isSound =
    name.length > 0 &&
    Buffer.byteLength(name, 'utf8') <= FILE_LIMITS.nameBytesMax &&
    name.isWellFormed() &&
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    !/[\u0000-\u001f\u007f/\\]/u.test(name);
  if (isSound) return name;
  throw new Refusal('file_name_invalid', {
    detail: `The name of a file has 1 to ${FILE_LIMITS.nameBytesMax} bytes, no slashes and no control characters.`,
  });
}
