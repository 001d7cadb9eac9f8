import { z } from 'zod';
import { FtpRefused } from '../../platform/ftp/control.ts';
import type { FtpSession } from '../../platform/ftp/session.ts';
import { ftpTime } from '../../platform/ftp/time.ts';

/** What a server says of a file; read again from the JSON by which instances share it. */
export const FtpFacts = z.object({
  /** null: it does not say. */
  sizeBytes: z.int().nullable(),
  modifiedAt: z
    .string()
    .transform((time) => new Date(time))
    .nullable(),
  /** Whether it can be had from its middle. */
  canRestart: z.boolean(),
});
export type FtpFacts = z.infer<typeof FtpFacts>;

/** Commands that a server does not know (RFC 959 §4.2.2). */
const UNKNOWN: ReadonlySet<number> = new Set([500, 501, 502, 504]);

/** Asks for size and time; rejects with FtpRefused where the file is not there. */
export async function learn(session: FtpSession, path: string): Promise<FtpFacts> {
  const { sizeBytes, modifiedAt } = await versionOf(session, path);
  return { sizeBytes, modifiedAt, canRestart: await session.canRestart() };
}

/** What tells a file from the one that was there before. */
export async function versionOf(
  session: FtpSession,
  path: string,
): Promise<Pick<FtpFacts, 'sizeBytes' | 'modifiedAt'>> {
  const size = await session.ask(`SIZE ${path}`);
  if (size.code >= 400 && !UNKNOWN.has(size.code)) throw new FtpRefused(size);
  const digits = size.code === 213 ? /^213[ -](\d{1,15})\b/.exec(size.message)?.[1] : undefined;
  const time = await session.ask(`MDTM ${path}`);
  return {
    sizeBytes: digits === undefined ? null : Number(digits),
    modifiedAt: time.code === 213 ? ftpTime(time.message.slice(4)) : null,
  };
}
