/** What is said to a client whose bytes are no request: Node's parser gives up before any listener has heard of it. */
import { randomUUID } from 'node:crypto';
import { maxHeaderSize } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal } from '../../spec/refusal.ts';
import { problemHeaders, problemOf } from './problem.ts';

const REASON_PHRASES = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' };

/** Answers a `clientError` of Node's HTTP server with a problem document, where an answer can still be read. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || hasBegunAnswer(socket)) return void socket.destroy(error);
  const refusal = refusalOf(error);
  const requestId = randomUUID();
  const body = JSON.stringify(problemOf(refusal, requestId));
  const { status } = refusal.entry;
  const fields = {
    ...problemHeaders(refusal),
    'x-request-id': requestId,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const reason = REASON_PHRASES[status as keyof typeof REASON_PHRASES];
  socket.write([`HTTP/1.1 ${status} ${reason}`, ...lines, '', body].join('\r\n'));
  socket.destroy(error);
}

/** Node hangs the answer to the request before on the socket; its own handler of `clientError` looks there, too. */
function hasBegunAnswer(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as Duplex & { _httpMessage?: { headersSent?: boolean } | null };
  return answer?.headersSent === true;
}

function refusalOf({ code = '', message }: NodeJS.ErrnoException): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal('headers_too_large', {
        detail: `Request line and headers have more than ${maxHeaderSize} bytes together.`,
      });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal('request_too_slow', { detail: 'The request did not arrive in time.' });
    default:
      return new Refusal('request_malformed', {
        detail: `The parser of HTTP says: ${message.replace(/^Parse Error: /u, '')}.`,
      });
  }
}
