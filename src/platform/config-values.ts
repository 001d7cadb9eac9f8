import { totalmem } from 'node:os';
import { z } from 'zod';

/** Bytes: a plain number, or one with K, M, G or T (powers of 1024). */
export const size = () =>
  z
    .string()
    .trim()
    .regex(/^\d{1,15}(\.\d{1,3})?\s*[KMGT]?(i?B)?$/i, 'needs bytes, or a size such as 512M')
    .transform(bytesOf);
/** `90s`, `15m`, `15 min`, `2h`; a plain number is seconds. Stays text, which the README shows; `millisecondsOf` reads it. */
export const duration = ({ from, to }: { from: string; to: string }) =>
  z
    .string()
    .trim()
    .regex(/^\d{1,6}\s*(s|m|min|h)?$/i, 'needs a time such as 30s, 15m or 2h')
    .refine(
      (text) => millisecondsOf(text) >= millisecondsOf(from) && millisecondsOf(text) <= millisecondsOf(to),
      `needs a time between ${from} and ${to}`,
    );

function bytesOf(text: string): number {
  const [, amount = '', unit = ''] = /^([\d.]+)\s*([KMGT]?)/i.exec(text) ?? [];
  return Math.floor(Number(amount) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit.toUpperCase()));
}

/** Of a `duration`. */
export function millisecondsOf(text: string): number {
  const [, amount = '', unit = 's'] = /^(\d+)\s*([smh])?/i.exec(text) ?? [];
  return Number(amount) * 1000 * 60 ** ['s', 'm', 'h'].indexOf(unit.toLowerCase());
}

/** A container's own limit where there is one: the machine's RAM is not its. 0 and 2^64 stand for none. */
export function ramBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
