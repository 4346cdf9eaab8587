/** The worker thread of `PackageReader`: one request at a time, read and then inspected. */
import { parentPort } from 'node:worker_threads';
import { Refusal } from '../../spec/refusal.ts';
import { inspectPackage } from '../inspection/inspect-package.ts';
import { readPackage } from '../package/read-package.ts';
import { type ReaderReply, type ReaderRequest, toRefusalData } from './reader-protocol.ts';

parentPort?.on('message', (request: ReaderRequest) => {
  const reply = answer(request);
  parentPort?.postMessage(reply, reply.kind === 'inspected' ? buffersOf(reply.result) : []);
});

function answer({ archive, context }: ReaderRequest): ReaderReply {
  try {
    const read = readPackage(archive);
    parentPort?.postMessage({ kind: 'read' } satisfies ReaderReply, []);
    return { kind: 'inspected', result: { archive, read, inspection: inspectPackage(read, context) } };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', refusal: toRefusalData(error) };
    return { kind: 'failed', message: String(error) };
  }
}

/** All contents lie in one buffer, the archive in another; a package without files has none of the first. */
function buffersOf(result: {
  archive: Uint8Array;
  read: { files: ReadonlyMap<string, Uint8Array> };
}): ArrayBuffer[] {
  const buffers = new Set([result.archive.buffer]);
  for (const content of result.read.files.values()) buffers.add(content.buffer);
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
}
