/** FormData (XMLHttpRequest section 5) and its two encodings (HTML section 4.10.21, RFC 7578). */
import { bound } from './bound.ts';
import { blobBinary, File, fileFromBinary, isBlob, type Blob } from './blob.ts';
import { encodeToBinary } from './binary.ts';
import {
  arrayPush,
  charCodeAt,
  dateNow,
  mapGet,
  replaceText,
  stringIndexOf,
  stringSlice,
  stringToLowerCase,
} from './intrinsics.ts';
import { extractMimeType, parameter, parseParameters } from './mime-type.ts';
import { decodeWithMark } from './text-encoding.ts';
import { URLSearchParams } from './url.ts';
import { definePairIterator, defineInterface, requireArguments, toUsvString } from './web-idl.ts';

export type FormDataValue = string | File;
type Entry = [name: string, value: FormDataValue];

const iterate = definePairIterator<FormDataValue>('FormData');
let entriesOf: (form: FormData) => Entry[];
let isFormHere: (value: object) => value is FormData;

export class FormData {
  static {
    entriesOf = (form) => form.#entries;
    isFormHere = (value): value is FormData => #entries in value;
  }

  #entries: Entry[] = [];

  constructor(form?: undefined) {
    if (form !== undefined) throw new TypeError('FormData: there are no form elements here.');
  }

  append(name: string, value: string | Blob, filename?: string): void {
    requireArguments(arguments.length, 2, 'FormData.append');
    arrayPush(this.#entries, makeEntry(name, value, filename));
  }

  delete(name: string): void {
    requireArguments(arguments.length, 1, 'FormData.delete');
    const key = toUsvString(name);
    this.#keep((entry) => entry[0] !== key);
  }

  get(name: string): FormDataValue | null {
    requireArguments(arguments.length, 1, 'FormData.get');
    return this.#values(toUsvString(name))[0] ?? null;
  }

  getAll(name: string): FormDataValue[] {
    requireArguments(arguments.length, 1, 'FormData.getAll');
    return this.#values(toUsvString(name));
  }

  has(name: string): boolean {
    requireArguments(arguments.length, 1, 'FormData.has');
    return this.#values(toUsvString(name)).length > 0;
  }

  set(name: string, value: string | Blob, filename?: string): void {
    requireArguments(arguments.length, 2, 'FormData.set');
    const replacement = makeEntry(name, value, filename);
    let isPlaced = false;
    this.#keep((entry) => {
      if (entry[0] !== replacement[0]) return true;
      if (isPlaced) return false;
      isPlaced = true;
      entry[1] = replacement[1];
      return true;
    });
    if (!isPlaced) arrayPush(this.#entries, replacement);
  }

  forEach(callback: (value: FormDataValue, name: string, form: FormData) => void, thisArg?: unknown): void {
    requireArguments(arguments.length, 1, 'FormData.forEach');
    if (typeof callback !== 'function')
      throw new TypeError('FormData.forEach: the callback must be a function.');
    for (let index = 0; index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry) Reflect.apply(callback, thisArg, [entry[1], entry[0], this]);
    }
  }

  keys(): IterableIterator<string> {
    this.#requireBrand();
    return iterate(() => this.#entries, 'key');
  }
  values(): IterableIterator<FormDataValue> {
    this.#requireBrand();
    return iterate(() => this.#entries, 'value');
  }
  entries(): IterableIterator<[string, FormDataValue]> {
    this.#requireBrand();
    return iterate(() => this.#entries, 'entry');
  }
  [Symbol.iterator](): IterableIterator<[string, FormDataValue]> {
    return this.entries();
  }

  /** Reading a private member of anything else throws a TypeError here, and not at the first step. */
  #requireBrand(): void {
    void this.#entries;
  }

  #values(name: string): FormDataValue[] {
    const values: FormDataValue[] = [];
    for (const entry of this.#entries) if (entry[0] === name) arrayPush(values, entry[1]);
    return values;
  }

  #keep(isKept: (entry: Entry) => boolean): void {
    const kept: Entry[] = [];
    for (const entry of this.#entries) if (isKept(entry)) arrayPush(kept, entry);
    this.#entries = kept;
  }
}

export const isFormData = (value: unknown): value is FormData =>
  typeof value === 'object' && value !== null && isFormHere(value);

/** XMLHttpRequest section 5, "create an entry": a blob becomes a file. */
function makeEntry(name: unknown, value: unknown, filename: unknown): Entry {
  const key = toUsvString(name);
  if (!isBlob(value)) {
    if (filename !== undefined) throw new TypeError('FormData: only a Blob can have a file name.');
    return [key, toUsvString(value)];
  }
  if (value instanceof File && filename === undefined) return [key, value];
  const fileName = filename === undefined ? 'blob' : toUsvString(filename);
  const lastModified = value instanceof File ? value.lastModified : dateNow();
  return [key, fileFromBinary(blobBinary(value), fileName, value.type, lastModified)];
}

const BOUNDARY_RANDOM_BYTES = 16;

/** @returns the body and its content type (HTML section 4.10.21.8) */
export function encodeMultipart(form: FormData): { binary: string; type: string } {
  const boundary = `----formdata-souk-${hex(bound().randomBytes(BOUNDARY_RANDOM_BYTES))}`;
  let binary = '';
  for (const [name, value] of entriesOf(form)) {
    binary += `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(normalizeNewlines(name))}"`;
    binary +=
      typeof value === 'string'
        ? `\r\n\r\n${encodeToBinary(normalizeNewlines(value))}\r\n`
        : `; filename="${escapeName(value.name)}"\r\nContent-Type: ${value.type || 'application/octet-stream'}\r\n\r\n${blobBinary(value)}\r\n`;
  }
  return { binary: `${binary}--${boundary}--\r\n`, type: `multipart/form-data; boundary=${boundary}` };
}

function hex(binary: string): string {
  let text = '';
  for (let index = 0; index < binary.length; index += 1)
    text += charCodeAt(binary, index).toString(16).padStart(2, '0');
  return text;
}

const normalizeNewlines = (text: string): string =>
  replaceText(replaceText(replaceText(text, '\r\n', '\n'), '\r', '\n'), '\n', '\r\n');

/** Line ends and quotes of a name would otherwise end the header that it stands in. */
const escapeName = (name: string): string =>
  encodeToBinary(replaceText(replaceText(replaceText(name, '\n', '%0A'), '\r', '%0D'), '"', '%22'));

/** Parts of one body; each becomes an object. */
const PARTS_MAX = 10_000;

/** @throws TypeError when the body is not what RFC 7578 describes */
function parseMultipart(binary: string, boundary: string): FormData {
  const delimiter = `--${boundary}`;
  const form = new FormData();
  let position = stringIndexOf(binary, delimiter);
  for (let part = 0; position >= 0 && part < PARTS_MAX; part += 1) {
    position += delimiter.length;
    if (stringSlice(binary, position, position + 2) === '--') return form;
    const start = lineEnd(binary, position);
    const end = stringIndexOf(binary, `\r\n${delimiter}`, start);
    if (start < 0 || end < 0) break;
    addPart(form, stringSlice(binary, start - 2, end));
    position = end + 2;
  }
  throw new TypeError('The body is not valid multipart/form-data.');
}

function lineEnd(binary: string, position: number): number {
  const found = stringIndexOf(binary, '\r\n', position);
  return found < 0 ? -1 : found + 2;
}

/** @param part `\r\n`, header lines, an empty line, and the bytes */
function addPart(form: FormData, part: string): void {
  const cut = stringIndexOf(part, '\r\n\r\n');
  if (cut < 0) throw new TypeError('A part of the body has no end of its headers.');
  const headers = parsePartHeaders(stringSlice(part, 0, cut));
  const body = stringSlice(part, cut + 4);
  if (headers.name === undefined) throw new TypeError('A part of the body has no name.');
  const name = decodeWithMark(unescapeName(headers.name));
  if (headers.filename === undefined) return form.append(name, decodeWithMark(body));
  const filename = decodeWithMark(unescapeName(headers.filename));
  form.append(name, fileFromBinary(body, filename, headers.type ?? 'text/plain', dateNow()));
}

/**
 * The body of a request or response as a form (Fetch section 5.3, `formData()`).
 * @throws TypeError when the content type is no form, or the body is not what it says
 */
export function decodeForm(binary: string, contentType: string): FormData {
  const type = extractMimeType(contentType);
  const boundary = type === null ? undefined : parameter(type, 'boundary');
  if (type?.essence === 'multipart/form-data' && boundary) return parseMultipart(binary, boundary);
  if (type?.essence !== 'application/x-www-form-urlencoded') {
    throw new TypeError('The body is neither multipart/form-data nor application/x-www-form-urlencoded.');
  }
  const form = new FormData();
  // The constructor drops a question mark at the start, which the parser of URL section 5.1 does not.
  new URLSearchParams(`&${decodeWithMark(binary)}`).forEach((value, name) => form.append(name, value));
  return form;
}

type PartHeaders = { name?: string | undefined; filename?: string | undefined; type?: string };

function parsePartHeaders(block: string): PartHeaders {
  const found: PartHeaders = {};
  for (const line of block.split('\r\n')) {
    const colon = stringIndexOf(line, ':');
    const name = stringToLowerCase(stringSlice(line, 0, max0(colon)));
    const value = stringSlice(line, colon + 1).trim();
    if (name === 'content-type') found.type = value;
    if (name !== 'content-disposition') continue;
    const cut = stringIndexOf(value, ';');
    if (cut < 0 || stringToLowerCase(stringSlice(value, 0, cut).trim()) !== 'form-data') continue;
    const parameters = parseParameters(stringSlice(value, cut + 1));
    found.name = mapGet(parameters, 'name');
    found.filename = mapGet(parameters, 'filename');
  }
  return found;
}

const max0 = (value: number): number => (value < 0 ? 0 : value);

const unescapeName = (name: string): string =>
  replaceText(replaceText(replaceText(name, '%0A', '\n'), '%0D', '\r'), '%22', '"');

defineInterface(FormData, 'FormData', { constructor: 0, append: 2, set: 2, forEach: 1 });
Object.defineProperty(FormData.prototype, Symbol.iterator, {
  value: FormData.prototype.entries,
  writable: true,
  configurable: true,
});
