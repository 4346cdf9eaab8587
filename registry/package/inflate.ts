/** Content of one entry: inflated under its declared size, and held against its size and CRC-32 (4.4.7 to 4.4.9). */
import { crc32, inflateRawSync } from 'node:zlib';
import { type DirectoryRecord, METHOD_DEFLATE } from './directory.ts';
import { refuseEntry } from './refuse.ts';

/** The engine's output comes in one chunk, so that it is never copied; unused pages of it cost no memory. */
const CHUNK_BYTES_MIN = 1024;

/** With `info: true` the engine comes along, whose `bytesWritten` counts the input that was consumed. */
type InflatedInfo = { buffer: Buffer; engine: { bytesWritten: number } };

/**
 * @param compressed the bytes of the entry in the archive
 * @returns the content; for a stored entry a view of `compressed`
 * @throws Refusal `archive_content_corrupt`, `archive_size_mismatch`, `archive_crc_mismatch`
 */
export function inflateEntry(compressed: Buffer, record: DirectoryRecord): Buffer {
  const content = record.method === METHOD_DEFLATE ? inflateExactly(compressed, record) : compressed;
  if (content.length !== record.size)
    refuseEntry(
      'archive_size_mismatch',
      record.name,
      `It has ${content.length} bytes, the directory says ${record.size}.`,
    );
  if (crc32(content) !== record.crc32)
    refuseEntry('archive_crc_mismatch', record.name, 'Its content has another CRC-32.');
  return content;
}

function inflateExactly(compressed: Buffer, record: DirectoryRecord): Buffer {
  const { buffer, engine } = inflateUnderLimit(compressed, record);
  // Data after the end of the deflate stream is read by nobody, or by somebody else.
  if (engine.bytesWritten !== compressed.length)
    refuseEntry(
      'archive_size_mismatch',
      record.name,
      `Its data ends after ${engine.bytesWritten} of ${compressed.length} compressed bytes.`,
    );
  return buffer;
}

function inflateUnderLimit(compressed: Buffer, record: DirectoryRecord): InflatedInfo {
  try {
    return inflateRawSync(compressed, {
      info: true,
      maxOutputLength: Math.max(1, record.size),
      chunkSize: Math.max(CHUNK_BYTES_MIN, record.size + 1),
    }) as unknown as InflatedInfo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      return refuseEntry(
        'archive_size_mismatch',
        record.name,
        `It inflates to more than ${record.size} bytes.`,
      );
    return refuseEntry('archive_content_corrupt', record.name, 'Its data cannot be inflated.');
  }
}
