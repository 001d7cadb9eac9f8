import { z } from 'zod';
import { BadInput, UpstreamFailed } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import type { Net } from '../../platform/net.ts';
import { fetchWhole } from '../../platform/net-body.ts';
import { originHeaders } from '../../streams/http/facts.ts';
import { netTo } from '../../streams/source-access.ts';
import type { Address } from '../origin-fetch.ts';

/** 16 bytes in base64url; some servers pad it, which players refuse. */
const Bytes16 = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}(==)?$/)
  .transform((text) => text.slice(0, 22));
const Type = z.enum(['temporary', 'persistent-license']);

/** What a player asks a ClearKey licence server (W3C Encrypted Media Extensions §9.1.3). */
const LicenceRequest = z.object({ kids: z.array(Bytes16).min(1).max(64), type: Type.optional() });
export type LicenceRequest = z.infer<typeof LicenceRequest>;

/** The keys, as JSON Web Keys (§9.1.4). */
const Licence = z.object({
  keys: z.array(z.object({ kty: z.literal('oct'), kid: Bytes16, k: Bytes16 })).max(64),
  type: Type.optional(),
});
export type Licence = z.infer<typeof Licence>;

const MAX_BYTES = 1024 * 1024;
const DEADLINE_MS = 10_000;

/** Throws BadInput `request.invalid`. */
export function parseLicenceRequest(body: unknown): LicenceRequest {
  const json = Buffer.isBuffer(body) ? jsonOf(body) : undefined;
  if (json === undefined) throw new BadInput('request.invalid', 'Send a ClearKey licence request as JSON.');
  return parseInput(LicenceRequest, json, 'The licence request');
}

/** Asks a ClearKey licence server in a player's place. Nothing but keys comes back. Throws UpstreamFailed or what the dialer refuses with. */
export async function askLicence(
  net: Net,
  { url, headers, allowsPrivate = false }: Address,
  asked: LicenceRequest,
  signal: AbortSignal,
): Promise<Licence> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const bytes = await fetchWhole(netTo(net, { url, allowsPrivate }), url, {
    what: 'The licence',
    maxBytes: MAX_BYTES,
    headers: { ...originHeaders(headers), 'content-type': 'application/json' },
    body: JSON.stringify(asked),
    signal: AbortSignal.any([signal, deadline]),
  }).catch((cause: unknown) => {
    if (!deadline.aborted || signal.aborted) throw cause;
    throw new UpstreamFailed('The licence did not come in time.', { retryable: true, status: 504, cause });
  });
  const licence = Licence.safeParse(jsonOf(bytes));
  if (licence.success) return licence.data;
  throw new UpstreamFailed('What the licence server sent are no keys of ClearKey.', { retryable: false });
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
