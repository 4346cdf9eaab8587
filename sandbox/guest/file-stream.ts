/** `host.files.stream(name)`: a stream that asks for a piece when its reader wants one. */
import { PromiseConstructor, TypeErrorConstructor } from './primordials.ts';
import { streamOfPulled, type ReadableStream } from './web/index.ts';

/** @param call the host service, which takes the name or the id, and the number of the piece */
export function fileStream(
  call: (file: string, piece: number) => Promise<unknown>,
): (file: string) => ReadableStream<Uint8Array> {
  return (file) => {
    if (typeof file !== 'string')
      throw new TypeErrorConstructor('host.files.stream takes the name or the id of a file');
    let piece = 0;
    return streamOfPulled(
      () => new PromiseConstructor((resolve) => resolve(call(file, piece++) as Promise<string | null>)),
    );
  };
}
