import { BlockList, isIP } from 'node:net';
import { totalmem } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';

export const text = () => z.string().trim().min(1);
/** Comma-separated. */
export const list = () => z.string().default('').transform(itemsOf);
/** Comma-separated `host:port`. Stays text, which the README shows; `itemsOf` reads it. */
export const places = () =>
  z
    .string()
    .trim()
    .refine(
      (text) => itemsOf(text).every((item) => /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:\d{1,5}$/.test(item)),
      'every entry must be host:port',
    )
    .refine((text) => itemsOf(text).length <= 20, 'needs at most 20 entries');
/** Bytes: a plain number, or one with K, M, G or T (powers of 1024). */
export const size = () =>
  z
    .string()
    .trim()
    .regex(/^\d{1,15}(\.\d{1,3})?\s*[KMGT]?(i?B)?$/i, 'needs bytes, or a size such as 512M')
    .transform(bytesOf);
/** A switch. Stays text, which the README shows. */
export const onOff = (byDefault: 'on' | 'off') => z.enum(['on', 'off']).default(byDefault);
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

/** Of a comma-separated text. */
export function itemsOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function bytesOf(text: string): number {
  const [, amount = '', unit = ''] = /^([\d.]+)\s*([KMGT]?)/i.exec(text) ?? [];
  return Math.floor(Number(amount) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit.toUpperCase()));
}

/** Of a `duration`. */
export function millisecondsOf(text: string): number {
  const [, amount = '', unit = 's'] = /^(\d+)\s*([smh])?/i.exec(text) ?? [];
  return Number(amount) * 1000 * 60 ** ['s', 'm', 'h'].indexOf(unit.toLowerCase());
}

export const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** A `name=/absolute/folder`; null where it is none. */
export function folderOf(entry: string): { name: string; folder: string } | null {
  const [, name, folder] = /^([a-z0-9][a-z0-9-]{0,30})=(.+)$/.exec(entry) ?? [];
  return name === undefined || folder === undefined || !isAbsolute(folder)
    ? null
    : { name, folder: resolve(folder) };
}

/** No two folders are called the same. */
export function hasOwnNames(entries: readonly string[]): boolean {
  const names = ['starter', ...entries.map((entry) => folderOf(entry)?.name ?? entry)];
  return new Set(names).size === names.length;
}

/** An address, or a network of them. */
export function isCidr(value: string): boolean {
  const [address = '', prefix] = value.split('/');
  const family = isIP(address);
  if (family === 0) return false;
  if (prefix === undefined) return true;
  if (!/^\d{1,3}$/.test(prefix)) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}

/** A container's own limit where there is one: the machine's RAM is not its. 0 and 2^64 stand for none. */
export function ramBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
