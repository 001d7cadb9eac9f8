import { BadMp4, type Mp4Box, versionOf } from './mp4-boxes.ts';
import type { Protection } from './mp4-protection.ts';

/** Bytes that are clear, then bytes that are encrypted. */
type Run = { openBytes: number; lockedBytes: number };
/** `runs` null: all of the sample is encrypted. */
export type SampleInfo = { iv: Buffer; runs: readonly Run[] | null };

type Asked = { moof: Mp4Box; boxes: readonly Mp4Box[]; protection: Protection; count: number };

/** What a fragment says of each sample's encryption: in `senc`, or where `saiz` and `saio` point (ISO/IEC 23001-7 §7). */
export function sampleInfos(bytes: Buffer, { moof, boxes, protection, count }: Asked): SampleInfo[] {
  const named = (name: string) => boxes.find(({ type }) => type === name);
  for (const name of ['sbgp', 'sgpd']) {
    const group = boxes.find(
      ({ type, begin }) => type === name && bytes.toString('latin1', begin + 4, begin + 8) === 'seig',
    );
    if (group !== undefined) throw new BadMp4('keys change within the track');
  }
  const [senc, saiz, saio] = [named('senc'), named('saiz'), named('saio')];
  if (senc !== undefined) return fromSenc(bytes, senc, protection, count);
  if (saiz !== undefined && saio !== undefined)
    return fromAuxiliary(bytes, { moof, saiz, saio }, protection, count);
  const { constantIv } = protection;
  if (constantIv === null) throw new BadMp4('samples without their IV');
  return Array.from({ length: count }, () => ({ iv: constantIv, runs: null }));
}

function fromSenc(bytes: Buffer, senc: Mp4Box, protection: Protection, count: number): SampleInfo[] {
  const { flags } = versionOf(bytes, senc);
  if (bytes.readUInt32BE(senc.begin + 4) !== count) throw new BadMp4('samples and their IVs do not agree');
  let at = senc.begin + 8;
  return Array.from({ length: count }, () => {
    const { info, end } = infoAt(bytes, at, protection, (flags & 2) !== 0);
    if (end > senc.end) throw new BadMp4('IVs are cut off');
    at = end;
    return info;
  });
}

function fromAuxiliary(
  bytes: Buffer,
  { moof, saiz, saio }: { moof: Mp4Box; saiz: Mp4Box; saio: Mp4Box },
  protection: Protection,
  count: number,
): SampleInfo[] {
  const sizesAt = saiz.begin + 4 + (versionOf(bytes, saiz).flags & 1 ? 8 : 0);
  const equal = bytes.readUInt8(sizesAt);
  if (bytes.readUInt32BE(sizesAt + 1) !== count) throw new BadMp4('samples and their IVs do not agree');
  const { version, flags } = versionOf(bytes, saio);
  const offsetAt = saio.begin + 4 + (flags & 1 ? 8 : 0);
  if (bytes.readUInt32BE(offsetAt) !== 1) throw new BadMp4('IVs in several places');
  const offset =
    version === 0 ? bytes.readUInt32BE(offsetAt + 4) : Number(bytes.readBigUInt64BE(offsetAt + 4));
  let at = moof.start + offset;
  return Array.from({ length: count }, (_, index) => {
    const size = equal === 0 ? bytes.readUInt8(sizesAt + 5 + index) : equal;
    const { info, end } = infoAt(bytes, at, protection, size > protection.ivBytes);
    if (end !== at + size) throw new BadMp4('IVs of another length');
    at = end;
    return info;
  });
}

function infoAt(
  bytes: Buffer,
  at: number,
  { ivBytes, constantIv }: Protection,
  hasRuns: boolean,
): { info: SampleInfo; end: number } {
  const iv = constantIv ?? bytes.subarray(at, at + ivBytes);
  if (!hasRuns) return { info: { iv, runs: null }, end: at + ivBytes };
  const first = at + ivBytes + 2;
  const runs = Array.from({ length: bytes.readUInt16BE(first - 2) }, (_, index) => ({
    openBytes: bytes.readUInt16BE(first + index * 6),
    lockedBytes: bytes.readUInt32BE(first + index * 6 + 2),
  }));
  return { info: { iv, runs }, end: first + runs.length * 6 };
}
