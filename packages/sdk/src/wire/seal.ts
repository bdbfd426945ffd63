import { isJsonObject } from '../core/json.ts';
import { systemRandom, type Random } from '../core/random.ts';
import type { Seal } from '../core/seal.ts';
import { fromBase64Url, toBase64Url } from './base64.ts';

const encoder = new TextEncoder();
const IV_BYTES = 12;

/**
 * Seals with AES-256-GCM under a key derived by HKDF-SHA-256 once.
 *
 * @param secret - at least 32 bytes; every replica that must open the tokens needs the same
 * @see RFC 5869, NIST SP 800-38D
 */
export function createSeal(secret: Uint8Array<ArrayBuffer>, random: Random = systemRandom): Seal {
  const key = deriveKey(secret);
  return {
    async seal(purpose, content) {
      const iv = random.bytes(IV_BYTES);
      const algorithm = { name: 'AES-GCM', iv, additionalData: encoder.encode(purpose) };
      const sealed = await crypto.subtle.encrypt(algorithm, await key, encoder.encode(JSON.stringify(content)));
      const token = new Uint8Array(IV_BYTES + sealed.byteLength);
      token.set(iv);
      token.set(new Uint8Array(sealed), IV_BYTES);
      return toBase64Url(token);
    },
    async open(purpose, token) {
      try {
        const bytes = fromBase64Url(token);
        // Base64 has many spellings of the same bytes; one session has one name.
        if (toBase64Url(bytes) !== token) return undefined;
        const iv = bytes.subarray(0, IV_BYTES);
        const algorithm = { name: 'AES-GCM', iv, additionalData: encoder.encode(purpose) };
        const content = await crypto.subtle.decrypt(algorithm, await key, bytes.subarray(IV_BYTES));
        const value: unknown = JSON.parse(new TextDecoder().decode(content));
        return isJsonObject(value) ? value : undefined;
      } catch {
        // Forged, cut or sealed under another key: all the same to the caller.
        return undefined;
      }
    },
  };
}

async function deriveKey(secret: Uint8Array<ArrayBuffer>) {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: encoder.encode('mcp seal v1') },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}
