import { instantOf } from '../../kit/instant.ts';

/** `YYYYMMDDHHMMSS[.sss]`, UTC, of MDTM and MLSD (RFC 3659 §2.3); null: it is none, or a day that no month has. */
export function ftpTime(text: string): Date | null {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text) ?? [];
  if (second === undefined) return null;
  return instantOf(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
