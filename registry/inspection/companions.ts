/** Files that a package should bring for people. */
import type { Report } from './finding.ts';
import type { Subject } from './rule.ts';

const README = /^readme(?:\.(?:md|markdown|txt|rst|adoc))?$/iu;
const LICENCE = /^(?:licen[cs]e|copying|unlicense)(?:[.-].+)?$/iu;

export function findReadmeMissing({ read }: Subject): Report[] {
  if ([...read.files.keys()].some((path) => README.test(path))) return [];
  return [{ pointer: 'README.md', message: 'there is no README at the top of the package' }];
}

export function findLicenceMissing({ read, manifest }: Subject): Report[] {
  if (manifest.license !== undefined) return [];
  if ([...read.files.keys()].some((path) => LICENCE.test(path))) return [];
  return [{ pointer: '/license', message: 'neither the manifest nor a file names a licence' }];
}
