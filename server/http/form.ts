/**
 * Forms with files (RFC 7578), read as they come: fields are small and kept, each file goes to its sink piece by piece
 * and is never held.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { Busboy, type BusboyConfig, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { FILE_LIMITS, HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { bodyIncomplete } from './body.ts';

export type Form<File> = {
  /** A name with all its values, in the order of the form. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly files: readonly File[];
};

/** Takes one file in; it must read the content to its end, or throw. */
export type FileSink<File> = (name: string, content: AsyncIterable<Uint8Array>) => Promise<File>;

const LIMITS = {
  fieldNameSize: 100,
  fieldSize: HTTP_LIMITS.jsonBytesMax,
  fields: 50,
  files: FILE_LIMITS.filesPerRunMax,
  parts: 50 + FILE_LIMITS.filesPerRunMax,
  headerPairs: 20,
  // The sink refuses what is larger; this only ends what would go on for ever.
  fileSize: FILE_LIMITS.fileBytesMax + 1,
} as const;

/**
 * @param request whose Content-Type is `multipart/form-data`
 * @throws Refusal `request_invalid` for a form that is none or has too many parts, `body_incomplete`, and what the sink
 *   throws. Files that were taken in by then are the caller's to remove: `onFailure` gets them.
 */
export async function readForm<File>(
  request: Request,
  sink: FileSink<File>,
  onFailure: (files: readonly File[]) => Promise<void>,
): Promise<Form<File>> {
  const reading = beginReading(openParser(request), sink);
  const source = Readable.fromWeb((request.body ?? new ReadableStream()) as WebStream);
  try {
    await Promise.race([pipeline(source, reading.parser).catch(refuseIncomplete), reading.failed]);
    const files = await Promise.race([Promise.all(reading.files), reading.failed]);
    return { fields: reading.fields, files };
  } catch (error) {
    // A file that ends too early fails in its sink, with the error of its stream.
    const isBroken = reading.broken.has(error);
    source.destroy();
    reading.breakOff(error);
    const ended = await Promise.allSettled(reading.files);
    await onFailure(ended.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])));
    throw isBroken ? bodyIncomplete(error) : error;
  }
}

function refuseIncomplete(error: unknown): never {
  throw bodyIncomplete(error);
}

function openParser(request: Request): BusboyInstance {
  const type = request.headers.get('content-type') ?? '';
  try {
    return new Busboy({ headers: { 'content-type': type }, limits: LIMITS } as BusboyConfig);
  } catch (error) {
    throw notAForm('The body is not multipart/form-data as its Content-Type says.', error);
  }
}

type Reading<File> = {
  readonly parser: BusboyInstance;
  readonly fields: Map<string, string[]>;
  readonly files: Promise<File>[];
  /** Rejects as soon as anything is wrong. */
  readonly failed: Promise<never>;
  /** Errors of files that broke off. */
  readonly broken: ReadonlySet<unknown>;
  /** Ends every file that is still coming in. */
  breakOff(error: unknown): void;
};

function beginReading<File>(parser: BusboyInstance, sink: FileSink<File>): Reading<File> {
  const fields = new Map<string, string[]>();
  const files: Promise<File>[] = [];
  const open = new Set<BusboyFileStream>();
  const broken = new Set<unknown>();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const refuse = (detail: string) => (): void => reject(notAForm(detail));
  parser.on('field', (name, value, nameTruncated, valueTruncated) => {
    if (nameTruncated || valueTruncated) return reject(notAForm('A field of the form is too long.'));
    fields.set(name, [...(fields.get(name) ?? []), value]);
  });
  parser.on('file', (_field, stream, name) => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    stream.on('error', (error) => broken.add(error));
    const taken = sink(typeof name === 'string' ? name : '', stream);
    taken.catch(reject);
    files.push(taken);
  });
  parser.on('filesLimit', refuse(`The form has more than ${LIMITS.files} files.`));
  parser.on('fieldsLimit', refuse(`The form has more than ${LIMITS.fields} fields.`));
  parser.on('partsLimit', refuse(`The form has more than ${LIMITS.parts} parts.`));
  const breakOff = (error: unknown): void => {
    const cause = error instanceof Error ? error : new TypeError('the form broke off');
    for (const stream of open) stream.destroy(cause);
    parser.destroy();
  };
  return { parser, fields, files, failed, broken, breakOff };
}

function notAForm(detail: string, cause?: unknown): Refusal {
  return new Refusal('request_invalid', { detail, cause });
}
