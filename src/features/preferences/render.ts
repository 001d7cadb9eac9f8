import type { Change, Part, Template } from './template.ts';
import type { FieldValues } from './template-fields.ts';

/** What a TV shows of one value before it breaks the line. */
const MAX_LIST = 40;

type Said = { text: string; saysSomething: boolean };

/**
 * What a template says of a stream, a line a line; lines that say nothing are left out, and a group that says nothing takes the blanks
 * before it away too. At most `maxChars` characters, with … where it was cut.
 */
export function renderTemplate(template: Template, values: FieldValues, maxChars: number): string {
  const lines: string[] = [];
  let length = 0;
  for (const parts of template) {
    const line = sayAll(parts, values, maxChars).text.trim();
    if (line === '') continue;
    lines.push(line);
    length += line.length + 1;
    if (length > maxChars) break;
  }
  const text = lines.join('\n');
  return text.length <= maxChars ? text : `${wellCut(text, maxChars - 1)}…`;
}

function sayAll(parts: readonly Part[], values: FieldValues, maxChars: number): Said {
  let text = '';
  let saysSomething = false;
  let hasSlot = false;
  for (const part of parts) {
    const said = say(part, values, maxChars);
    if (part.is === 'group' && !said.saysSomething) text = text.trimEnd();
    else text += text === '' ? said.text.trimStart() : said.text;
    hasSlot ||= part.is !== 'text';
    saysSomething ||= part.is !== 'text' && said.saysSomething;
    if (text.length > maxChars) break;
  }
  return { text, saysSomething: saysSomething || !hasSlot };
}

function say(part: Part, values: FieldValues, maxChars: number): Said {
  if (part.is === 'text') return { text: part.text, saysSomething: true };
  if (part.is === 'group') return sayAll(part.parts, values, maxChars);
  const found = part.fields.flatMap(([field, change]) => changed(listOf(values[field]), change));
  const text = found.length === 0 ? part.other : found.join(part.joint);
  return { text, saysSomething: text !== '' };
}

function listOf(value: FieldValues[keyof FieldValues]): readonly string[] {
  const list = value === null || value === undefined ? [] : typeof value === 'string' ? [value] : value;
  return list.filter((text) => text !== '').slice(0, MAX_LIST);
}

function changed(list: readonly string[], change: Change | null): readonly string[] {
  if (change === 'first') return list.slice(0, 1);
  if (change === 'upper') return list.map((text) => text.toUpperCase());
  return change === 'lower' ? list.map((text) => text.toLowerCase()) : list;
}

/** Not in the middle of a pair of surrogates. */
function wellCut(text: string, chars: number): string {
  const cut = text.slice(0, chars);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
