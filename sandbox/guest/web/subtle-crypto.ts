export class CryptoKey {}
export class SubtleCrypto {}
export const subtle = new SubtleCrypto();
