import { hash } from 'node:crypto';
import type { ByteSource } from '../streams/kind.ts';
import { createGrowingBody } from './growing-body.ts';

/** A source over a text that is in memory already; equal texts have equal ETags. */
export function textSource(
  text: string,
  contentType: string,
  encoding: 'utf8' | 'latin1' = 'utf8',
): ByteSource {
  const bytes = Buffer.from(text, encoding);
  const etag = `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`;
  const body = createGrowingBody({ sizeBytes: bytes.length, contentType, etag, lastModified: null });
  body.push(bytes);
  body.end();
  return body.source(() => {});
}
