import { parseReleaseName } from '../../src/kit/release-name.ts';

/** Other programs also break lines at these; JSON leaves them as they are (the last three) inside strings. */
const LINE_BREAKS = /[\u0085\u2028\u2029]/g;

/** One JSON object a line for each of these names. */
export function toJsonLines(lines: readonly string[]): string {
  return lines.map(toJsonLine).join('');
}

function toJsonLine(line: string): string {
  const json = JSON.stringify(parseReleaseName(line.replace(/\r$/, '')));
  return `${json.replace(LINE_BREAKS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
