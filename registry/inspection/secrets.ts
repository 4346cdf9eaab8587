/**
 * Secrets that were left in a package. A package is read by everyone who installs it, and its bytes are kept for
 * ever. Forms are those that issuers publish, so that hits are rare and true; what was found is never quoted.
 */
import type { Report } from './finding.ts';
import type { Subject } from './rule.ts';

/** `anchor` is searched for at the speed of memory; `form` decides at each hit, on a short window. */
type SecretForm = { readonly what: string; readonly anchor: string; readonly form: RegExp };

const TOKEN_FORMS: readonly SecretForm[] = [
  { what: 'an AWS access key id', anchor: 'AKIA', form: /^AKIA[0-9A-Z]{16}(?![0-9A-Za-z])/u },
  { what: 'a GitHub token', anchor: 'ghp_', form: /^ghp_[0-9A-Za-z]{36}/u },
  { what: 'a GitHub token', anchor: 'gho_', form: /^gho_[0-9A-Za-z]{36}/u },
  { what: 'a GitHub token', anchor: 'ghs_', form: /^ghs_[0-9A-Za-z]{36}/u },
  { what: 'a GitHub token', anchor: 'github_pat_', form: /^github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}/u },
  { what: 'a GitLab token', anchor: 'glpat-', form: /^glpat-[0-9A-Za-z_-]{20}/u },
  { what: 'an npm token', anchor: 'npm_', form: /^npm_[0-9A-Za-z]{36}(?![0-9A-Za-z])/u },
  { what: 'a Slack token', anchor: 'xoxb-', form: /^xoxb-[0-9]{10,13}-[0-9A-Za-z-]{10,}/u },
  { what: 'a Slack token', anchor: 'xoxp-', form: /^xoxp-[0-9]{10,13}-[0-9A-Za-z-]{10,}/u },
  {
    what: 'a Slack webhook',
    anchor: 'hooks.slack.com/services/T',
    form: /^\S{25}T[0-9A-Z]{6,}\/B[0-9A-Z]{6,}\/\w{20}/u,
  },
  { what: 'a Discord webhook', anchor: 'discord.com/api/webhooks/', form: /^\S{25}[0-9]{17,20}\/[\w-]{60}/u },
  { what: 'a Stripe live key', anchor: 'sk_live_', form: /^sk_live_[0-9A-Za-z]{20}/u },
  { what: 'a Google API key', anchor: 'AIza', form: /^AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/u },
  { what: 'an OpenAI key', anchor: 'sk-proj-', form: /^sk-proj-[0-9A-Za-z_-]{40}/u },
  { what: 'an Anthropic key', anchor: 'sk-ant-', form: /^sk-ant-[0-9A-Za-z_-]{40}/u },
  { what: 'a PyPI token', anchor: 'pypi-AgEIcHlwaS5vcmc', form: /^pypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50}/u },
  { what: 'a SendGrid key', anchor: 'SG.', form: /^SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}/u },
  { what: 'an npm password', anchor: ':_authToken=', form: /^:_authToken=[0-9A-Za-z_-]{8}/u },
];

/** A key has a body; the header alone is in every library that writes keys. `\n` may be written as an escape. */
const KEY_FORMS: readonly SecretForm[] = [
  {
    what: 'a private key in PEM form',
    anchor: '-----BEGIN ',
    form: /^-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\\r|\\n|[\s"'+]){1,8}(?:[A-Za-z-]{1,20}: [^\n]{0,100}\n){0,4}\s{0,4}[A-Za-z0-9+/=]{32}/u,
  },
  {
    what: 'a private key of a publisher',
    anchor: 'SOUK PRIVATE KEY',
    form: /^SOUK PRIVATE KEY 1\s{1,4}keyid [^\n]{1,100}\nseed [A-Za-z0-9+/]{43}=/u,
  },
  {
    what: 'a private key of age',
    anchor: 'AGE-SECRET-KEY-1',
    form: /^AGE-SECRET-KEY-1[0-9A-Z]{58}/u,
  },
];

/** How the vendors' own documentation marks its keys, and the one that GitHub's shows: comments of libraries cite it. */
const DOCUMENTED = /EXAMPLE|^gh[ops]_16C7e42F292c6912E7710c838347Ae178B4a/u;

/** The longest text that any of the forms needs, header and comment lines of a PEM block included. */
const WINDOW_BYTES = 640;
/** Enough to mend a package by; a file of nothing but hits must not make a list of millions. */
const HITS_PER_FORM_MAX = 5;

/** In a megabyte of base64, an encoded WebAssembly module for one, the form of a key turns up by chance. */
const DATA = /^[0-9A-Za-z+/_]+$/u;
const DATA_BYTES_MIN = 8;

/** Names under which tools keep secrets; templates of them are harmless. */
const SECRET_FILE =
  /^(?:\.env(?:\..+)?|\.npmrc|\.netrc|\.pypirc|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pfx|p12|jks|keystore|kdbx))$/iu;
const TEMPLATE_FILE = /\.(?:example|sample|template|dist|defaults)$/iu;

export function findTokens({ read }: Subject): Report[] {
  return findForms(read.files, TOKEN_FORMS);
}

export function findPrivateKeys({ read }: Subject): Report[] {
  return findForms(read.files, KEY_FORMS);
}

export function findSecretFiles({ read }: Subject): Report[] {
  return [...read.files.keys()].flatMap((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!SECRET_FILE.test(name) || TEMPLATE_FILE.test(name)) return [];
    return [{ pointer: path, message: `${JSON.stringify(name)} usually holds secrets` }];
  });
}

function findForms(files: ReadonlyMap<string, Uint8Array>, forms: readonly SecretForm[]): Report[] {
  return [...files].flatMap(([path, bytes]) => {
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return forms.flatMap((form) => hitsOf(path, content, form));
  });
}

function hitsOf(path: string, content: Buffer, { what, anchor, form }: SecretForm): Report[] {
  const hits: Report[] = [];
  let at = content.indexOf(anchor, 0, 'latin1');
  while (at !== -1 && hits.length < HITS_PER_FORM_MAX) {
    const window = content.toString('latin1', at, at + WINDOW_BYTES);
    const match = form.exec(window)?.[0];
    if (match !== undefined && !DOCUMENTED.test(match) && !isData(content, at, anchor))
      hits.push({ pointer: `${path}:${lineOf(content, at)}`, message: `holds what looks like ${what}` });
    at = content.indexOf(anchor, at + anchor.length, 'latin1');
  }
  return hits;
}

/** A token begins somewhere: after a quote, a sign or a new line. Amid letters and digits it is a piece of data. */
function isData(content: Buffer, at: number, anchor: string): boolean {
  if (!DATA.test(anchor)) return false;
  const before = content.toString('latin1', Math.max(0, at - DATA_BYTES_MIN), at);
  return before.length === DATA_BYTES_MIN && DATA.test(before);
}

function lineOf(content: Buffer, offset: number): number {
  let line = 1;
  for (let at = content.indexOf(10); at !== -1 && at < offset; at = content.indexOf(10, at + 1)) line += 1;
  return line;
}
