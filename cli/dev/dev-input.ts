/**
 * What is sent to run something by hand: JSON, or a form as a server takes it (`args` as JSON, parts with a file name).
 * Files may also be named in the address, `?file=samples/members.csv`, below the plugin's own folder.
 */
import { readFile, realpath } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';
import type { MemoryFiles } from '../../sdk/memory/files.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { FILE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { RunFile } from '../../spec/run.ts';
import { fileRefusal } from '../files.ts';
import type { Io } from '../io.ts';

export type DevInput = {
  /** The body, or of a form its `args`. */
  readonly data: JsonValue;
  /** Texts of a form, but for `args`. */
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly RunFile[];
};

export type Sent = {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly query: URLSearchParams;
};

type Ports = { readonly io: Io; readonly folder: string; readonly files: MemoryFiles };

/** @throws Refusal `body_not_json`, `request_invalid`, `file_unreadable`, `file_name_invalid`, `file_too_large` */
export async function readInput(ports: Ports, { body, contentType, query }: Sent): Promise<DevInput> {
  const isForm = contentType.startsWith('multipart/form-data');
  const given = isForm ? await readForm(body, contentType) : { data: parseJson(body), fields: {}, files: [] };
  const named = await Promise.all(query.getAll('file').map((path) => readBelow(ports, path)));
  const contents = [...given.files, ...named];
  if (contents.length > FILE_LIMITS.filesPerRunMax)
    throw invalid(`${contents.length} files were sent; at most ${FILE_LIMITS.filesPerRunMax} are taken.`);
  const files = contents.flatMap(({ name, bytes }) => ports.files.take([[name, bytes]]));
  return { data: given.data, fields: given.fields, files };
}

type Content = { readonly name: string; readonly bytes: Uint8Array };

async function readForm(
  body: Uint8Array,
  contentType: string,
): Promise<Pick<DevInput, 'data' | 'fields'> & { readonly files: readonly Content[] }> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => {
      throw invalid('The body is not multipart/form-data as its Content-Type says.');
    });
  const fields = new Map<string, string>();
  const files: Content[] = [];
  for (const [name, value] of form)
    if (typeof value === 'string') fields.set(name, value);
    else files.push({ name: value.name, bytes: new Uint8Array(await value.arrayBuffer()) });
  const args = fields.get('args');
  fields.delete('args');
  const texts = Object.fromEntries(fields);
  const data = args === undefined ? {} : parseJson(Buffer.from(args));
  return { data: isObject(data) ? { ...data, ...texts } : data, fields: texts, files };
}

function parseJson(body: Uint8Array): JsonValue {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as JsonValue;
  } catch {
    throw new Refusal('body_not_json', { detail: 'The body is not JSON.' });
  }
}

/** Who reaches this port reads what the plugin's author packs, and nothing else of the author's. */
async function readBelow({ io, folder }: Ports, path: string): Promise<Content> {
  const root = await realpath(resolve(io.cwd, folder));
  try {
    const full = await realpath(resolve(root, path));
    if (!full.startsWith(root + sep))
      throw invalid('The file lies outside the plugin folder; send it in a form.');
    return { name: basename(full), bytes: await readFile(full) };
  } catch (error) {
    throw error instanceof Refusal ? error : fileRefusal('file_unreadable', path, error);
  }
}

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(detail: string): Refusal {
  return new Refusal('request_invalid', { detail });
}
