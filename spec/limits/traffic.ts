/** What may come in over HTTP, and what plugins may send out. */
import { ENVELOPE_LIMITS, PACKAGE_LIMITS } from './packages.ts';
import { KIB, MIB } from './units.ts';

/** Requests that plugins send out (`http.fetch`); what goes out is bounded by ISOLATE_LIMITS.callCharsMax. */
export const EGRESS_LIMITS = {
  /** Longer ones are refused by most servers. */
  urlCharsMax: 8 * KIB,
  /** Scheme, host, port and path, which a grant is compared with: as long as a pattern of a grant may be. */
  placeCharsMax: 2_048,
  /** Fields of a request, and their names and values together; the second bounds those of an answer as well. */
  headersMax: 100,
  headerBytesMax: 16 * KIB,
  /**
   * A body that says that it is so small, or is all there so soon after its head, comes with it in one reply: as JSON a
   * byte has up to six characters. Any other comes in pieces of STREAM_LIMITS.pieceBytesMax, when the guest asks.
   */
  replyBytesMax: 128 * KIB,
  replyWaitMs: 50,
  /** Body of an answer that a guest reads at once, with `text()` and the like: an isolate's heap holds it many times. */
  wholeBytesMax: 2 * MIB,
  /** Body of an answer, counted after decoding, as for the streams of STREAM_LIMITS. */
  responseBytesMax: 64 * MIB,
  redirectsMax: 3,
  /** Interim answers before the one that counts; servers that hint at all send one or two. */
  interimsMax: 20,
  /** One query of one name; then two are asked for its addresses, at the same time. */
  resolveMsMax: 1_500,
  /** From the first packet to a connection, TLS included. */
  connectMsMax: 2_000,
  /** From the request sent to the head of its answer. */
  silenceMsMax: 5_000,
  /** Between two pieces of a body that somebody waits for; streams of events commonly send something every 15 s. */
  bodySilenceMsMax: 60_000,
  /** Until the head of the last answer, redirects included; leaves a run on an endpoint time to answer. */
  totalMsMax: 8_000,
  /** Requests in flight at once: of one run, of one installation, and of one server. */
  perRunMax: 6,
  perInstallationMax: 20,
  perServerMax: 256,
  /** Connections are kept for the next request of the same installation, never shared between two. */
  connectionIdleMsMax: 4_000,
  connectionsPerOriginMax: 8,
  /** Installations whose connections are kept. */
  poolsMax: 200,
} as const;

/** Mail that plugins send through the server of their organization. */
export const MAIL_LIMITS = {
  /** Of one message; lists belong to a service made for them. */
  recipientsMax: 50,
  /** Of one installation. What a plugin that misbehaves can cost the name of the organization's server is bounded by it. */
  recipientsPerDayMax: 2_000,
  /** Of all installations of an organization. */
  orgRecipientsPerDayMax: 10_000,
  /** RFC 5322 section 2.1.1 bounds a line by 998 characters. */
  subjectBytesMax: 998,
  /** Text and HTML together; below what one host call carries. */
  contentBytesMax: 128 * KIB,
  /** From the connection to the last answer; RFC 5321 allows minutes, the run that waits does not have them. */
  deliveryMsMax: 8_000,
  /** One reply of the server. */
  replyBytesMax: 16 * KIB,
} as const;

/** Requests to the server's own API. */
export const HTTP_LIMITS = {
  jsonBytesMax: 1 * MIB,
  /** The archive, its envelope and the multipart framing around them. */
  uploadBytesMax: PACKAGE_LIMITS.archiveBytesMax + ENVELOPE_LIMITS.envelopeBytesMax + 64 * KIB,
  /** Packages and JSON that come in and are held at once: nine of the largest packages, or 512 of the largest JSON. */
  uploadsBytesMax: 512 * MIB,
  /**
   * Those of one user among them, or of one address: two of the largest packages, so that four who send slowly do not
   * keep all others out.
   */
  uploadsOfOneBytesMax: 112 * MIB,
  /** Of one client on one server: above what a fast author or a busy tool needs, below what one machine serves. */
  readsPerMinuteMax: 120_000,
  writesPerMinuteMax: 20_000,
  /** Tokens that were refused, from one address: nobody mistypes that often. */
  wrongTokensPerMinuteMax: 600,
  /**
   * How long a connection is kept for the next request: longer than the 60 s of common proxies, so that it is they who
   * give it up, and no request meets a server that is just closing the connection under it.
   */
  connectionIdleMsMax: 75_000,
  /**
   * Of the descriptors of the server, those that callers may hold: who opens connections and says nothing leaves enough to
   * start runners, to reach the database and to store packages.
   */
  connectionsOfDescriptorsMax: 0.5,
  /** Streams of events on one server: each is a connection and a timer, and reads when something happens. */
  eventStreamsMax: 1_000,
  eventStreamsPerOrganizationMax: 100,
  pageSizeDefault: 50,
  pageSizeMax: 200,
} as const;
