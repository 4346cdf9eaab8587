/** The worker thread of `PackageReader`: one request at a time, read and then inspected. */
import { parentPort } from 'node:worker_threads';
import { Refusal } from '../../spec/refusal.ts';
import { readPackage } from '../package/read-package.ts';
import { type ReaderReply, type ReaderRequest, toRefusalData } from './reader-protocol.ts';

parentPort?.on('message', (request: ReaderRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply, buffersOf(reply)));
});

async function answer({ archive, context }: ReaderRequest): Promise<ReaderReply> {
  try {
    const read = readPackage(archive);
    if (context === null) return { kind: 'onlyRead', result: { read } };
    parentPort?.postMessage({ kind: 'read' } satisfies ReaderReply, []);
    // Loaded with the first package to inspect: it takes longer than to read one that is stored.
    const { inspectPackage } = await import('../inspection/inspect-package.ts');
    return { kind: 'inspected', result: { archive, read, inspection: inspectPackage(read, context) } };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', refusal: toRefusalData(error) };
    return { kind: 'failed', message: String(error) };
  }
}

/** All contents lie in one buffer, the archive in another; a package without files has none of the first. */
function buffersOf(reply: ReaderReply): ArrayBuffer[] {
  if (reply.kind !== 'inspected' && reply.kind !== 'onlyRead') return [];
  const buffers = new Set(reply.kind === 'inspected' ? [reply.result.archive.buffer] : []);
  for (const content of reply.result.read.files.values()) buffers.add(content.buffer);
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
}
