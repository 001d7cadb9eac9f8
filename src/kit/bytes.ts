/** Indexers and SI mean 1000 by kB/MB/GB; `KiB` and the bare letters of directory listings (`1.4G`) mean 1024. */
const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/** Bytes of `1.4 GB`, `700MiB`, `1,4 GB`, `1.4G`, `1,234,567`; null when it is not a size. */
export function parseSize(text: string): number | null {
  const [, digits, letter, suffix] = /^\s*(\d[\d.,]{0,20})\s*([KMGTP]?)(i?B|bytes?|)\s*$/i.exec(text) ?? [];
  if (digits === undefined || letter === undefined || suffix === undefined) return null;
  const amount = parseAmount(digits);
  if (amount === null) return null;
  const base = /^b/i.test(suffix) ? 1000 : 1024;
  const sizeBytes = Math.round(amount * base ** UNITS.indexOf(letter.toUpperCase()));
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : null;
}

/** `1.4 GB`, `700 MB`, `512 B`: decimal units, one digit after the point below 10. */
export function formatBytes(sizeBytes: number): string {
  if (!Number.isFinite(sizeBytes) || sizeBytes < 0) return '';
  let amount = sizeBytes;
  let step = 0;
  // 999.5 would print as 1000.
  while (amount >= 999.5 && step < UNITS.length - 1) {
    amount /= 1000;
    step += 1;
  }
  const digits = step > 0 && amount < 9.95 ? amount.toFixed(1).replace(/\.0$/, '') : amount.toFixed(0);
  return `${digits} ${step === 1 ? 'k' : UNITS[step]}B`;
}

/** `1,234.5` and `1.234.567` group thousands; a single comma or point before other than three digits is decimal. */
function parseAmount(digits: string): number | null {
  if (/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(digits)) return Number(digits.replaceAll(',', ''));
  if (/^\d{1,3}(?:\.\d{3}){2,}$/.test(digits)) return Number(digits.replaceAll('.', ''));
  const plain = digits.replace(',', '.');
  return /^\d+(?:\.\d+)?$/.test(plain) ? Number(plain) : null;
}
