/** A publisher with its one key, root and publish, and everything that an author does with it over HTTP. */
import { expect } from 'vitest';
import {
  formatEnvelope,
  KEY_DOCUMENT_PAYLOAD_TYPE,
  KEY_PROOF_PAYLOAD_TYPE,
  PrivateKey,
  sha256Hex,
  signEnvelope,
  writeKeyDocument,
  writeKeyProof,
  type KeyDocument,
} from '../../signing/index.ts';
import { packExample } from './example-package.ts';
import type { Answer, HttpClient } from './http-client.ts';
import { packDraft, signArchive, type PackageDraft } from './test-package.ts';

const HOUR_MS = 3_600_000;
const PUBLIC = '/api/v1/packages';

type Sent = { readonly archive: Uint8Array; readonly envelope: Uint8Array; readonly answer: Answer };

export class TestPublisher {
  readonly name: string;
  readonly key: PrivateKey;
  readonly client: HttpClient;

  constructor(name: string, client: HttpClient, key: PrivateKey = PrivateKey.generate()) {
    this.name = name;
    this.client = client;
    this.key = key;
  }

  /** Packs, signs and publishes; answers with what was sent. */
  async publish(draft: PackageDraft, path = PUBLIC): Promise<Sent> {
    const archive = packDraft(draft);
    const envelope = signArchive(archive, [this.key]);
    return { archive, envelope, answer: await this.upload(archive, envelope, path) };
  }

  /** Publishes what a story needs beforehand. */
  async ship(...drafts: PackageDraft[]): Promise<void> {
    for (const draft of drafts) {
      const { answer } = await this.publish(draft);
      expect(answer.status, answer.text).toBe(201);
    }
  }

  /** Publishes packages of plugins-examples/, by their ids. */
  async shipExamples(...ids: string[]): Promise<void> {
    for (const id of ids) {
      await this.shipArchive((await packExample(id)).archive);
    }
  }

  async shipArchive(archive: Uint8Array): Promise<void> {
    const answer = await this.upload(archive, signArchive(archive, [this.key]));
    expect(answer.status, answer.text).toBe(201);
  }

  /** Sends exactly these bytes. */
  upload(archive: Uint8Array, envelope: Uint8Array | null, path = PUBLIC): Promise<Answer> {
    return this.client.send('POST', path, { body: uploadForm(archive, envelope) });
  }

  /** Registers the key with proof that the publisher holds it. */
  async registerKey(): Promise<Answer> {
    const base = `/api/v1/publishers/${this.name}`;
    const document = writeKeyDocument(firstDocument(this.name, this.key));
    const { json: challenge } = await this.client.post(`${base}/key-challenges`);
    const proof = writeKeyProof(
      { ...challenge, expiresAt: new Date(challenge.expiresAt) },
      sha256Hex(document),
    );
    return this.client.post(`${base}/keys`, {
      nonce: challenge.nonce,
      document: this.#envelope(KEY_DOCUMENT_PAYLOAD_TYPE, document),
      proof: this.#envelope(KEY_PROOF_PAYLOAD_TYPE, proof),
    });
  }

  #envelope(payloadType: string, payload: Uint8Array): unknown {
    return JSON.parse(formatEnvelope(signEnvelope(payloadType, payload, [this.key])));
  }
}

function uploadForm(archive: Uint8Array, envelope: Uint8Array | null): FormData {
  const form = new FormData();
  form.set('archive', new Blob([Buffer.from(archive)], { type: 'application/zip' }), 'package.zip');
  if (envelope)
    form.set('envelope', new Blob([Buffer.from(envelope)], { type: 'application/vnd.dsse+json' }), 'e.json');
  return form;
}

function firstDocument(publisher: string, { publicKey }: PrivateKey): KeyDocument {
  // Whole seconds, as documents write times.
  const issuedAt = new Date(Math.floor((Date.now() - HOUR_MS) / 1000) * 1000);
  const expiresAt = new Date(issuedAt.getTime() + 24 * HOUR_MS);
  const role = { threshold: 1, keyIds: [publicKey.id] };
  return {
    publisher,
    version: 1,
    issuedAt,
    expiresAt,
    keys: [{ key: publicKey, notBefore: issuedAt, notAfter: expiresAt }],
    roles: { root: role, publish: role },
    revocations: [],
  };
}
