import { BadInput } from '../../kit/errors.ts';
import { isTemplateField, type TemplateField } from './template-fields.ts';

export const MAX_NAME_TEMPLATE = 600;
export const MAX_DESCRIPTION_TEMPLATE = 2000;
const MAX_DEPTH = 3;
/** Groups, texts and fields. */
const MAX_PARTS = 120;

export type Change = 'upper' | 'lower' | 'first';
/** `{quality, codec ", " | "?"}`: what these fields hold, joined; `other` where none holds anything. */
type Slot = {
  is: 'slot';
  fields: readonly (readonly [TemplateField, Change | null])[];
  joint: string;
  other: string;
};
type Text = { is: 'text'; text: string };
/** `[…]`: left out as a whole when nothing in it holds anything. */
type Group = { is: 'group'; parts: Part[] };
export type Part = Slot | Text | Group;
/** A line a line: one that says nothing is left out. */
export type Template = readonly (readonly Part[])[];

const JOINT = ' · ';
const CHANGES: ReadonlySet<string> = new Set(['upper', 'lower', 'first']);

/**
 * Reads a template: text with `{field}` and `[groups]`; `\` before a bracket takes it as it is. Time and memory in proportion to its
 * length. Throws BadInput `template.invalid`, which says where.
 */
export function parseTemplate(text: string): Template {
  if (/[^\P{Cc}\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Zl}\p{Zp}]/u.test(text))
    throw invalid('holds a control character or a mark that turns the writing around');
  let parts = 0;
  return text.split('\n').map((line, index) => {
    const read = readLine(line, index + 1);
    parts += read.count;
    if (parts > MAX_PARTS) throw invalid(`has more than ${MAX_PARTS} parts`);
    return read.parts;
  });
}

type Reading = { text: string; at: number; line: number; count: number };

function readLine(text: string, line: number): { parts: Part[]; count: number } {
  const reading: Reading = { text, at: 0, line, count: 0 };
  const parts = readParts(reading, 0);
  return { parts, count: reading.count };
}

function readParts(reading: Reading, depth: number): Part[] {
  const parts: Part[] = [];
  while (reading.at < reading.text.length) {
    const char = reading.text[reading.at] ?? '';
    if (char === ']' && depth > 0) return parts;
    reading.count += 1;
    parts.push(readPart(reading, char, depth));
  }
  if (depth > 0) throw wrongAt(reading, 'a [ is not closed');
  return parts;
}

function readPart(reading: Reading, char: string, depth: number): Part {
  if (char === '{') return readSlot(reading);
  if (char === '[') return readGroup(reading, depth);
  if (char === '}' || char === ']') throw wrongAt(reading, `a ${char} closes nothing`);
  return { is: 'text', text: readText(reading) };
}

function readGroup(reading: Reading, depth: number): Group {
  if (depth >= MAX_DEPTH) throw wrongAt(reading, `groups stand in each other more than ${MAX_DEPTH} deep`);
  reading.at += 1;
  const parts = readParts(reading, depth + 1);
  reading.at += 1;
  return { is: 'group', parts };
}

/** Up to the next bracket; of an escaped one the bracket. */
function readText(reading: Reading): string {
  let text = '';
  while (reading.at < reading.text.length) {
    const char = reading.text[reading.at] ?? '';
    if ('{}[]'.includes(char)) break;
    const isEscape = char === '\\' && '{}[]\\'.includes(reading.text[reading.at + 1] ?? 'none');
    text += isEscape ? reading.text[reading.at + 1] : char;
    reading.at += isEscape ? 2 : 1;
  }
  return text;
}

function readSlot(reading: Reading): Slot {
  const end = reading.text.indexOf('}', reading.at);
  if (end === -1) throw wrongAt(reading, 'a { is not closed');
  const inside = reading.text.slice(reading.at + 1, end);
  const [, names = '', joint, other] = /^([^"|]*)(?:"([^"]*)"\s*)?(?:\|\s*"([^"]*)"\s*)?$/.exec(inside) ?? [];
  if (names.trim() === '')
    throw wrongAt(reading, '{…} must be as {field}, {field, field "joint" | "otherwise"}');
  const fields = names.split(',').map((name) => fieldOf(reading, name.trim()));
  reading.count += fields.length - 1;
  reading.at = end + 1;
  return { is: 'slot', fields, joint: joint ?? JOINT, other: other ?? '' };
}

function fieldOf(reading: Reading, told: string): Slot['fields'][number] {
  const [name = '', change = null, ...rest] = told.split(':');
  if (!isTemplateField(name)) throw wrongAt(reading, `there is no field "${name.slice(0, 30)}"`);
  if (change === null) return [name, null];
  if (!isChange(change) || rest.length > 0)
    throw wrongAt(reading, `after ${name} may stand :upper, :lower or :first`);
  return [name, change];
}

function isChange(text: string): text is Change {
  return CHANGES.has(text);
}

function wrongAt({ line, at }: Reading, what: string): BadInput {
  return invalid(`line ${line}, character ${at + 1}: ${what}`);
}

function invalid(what: string): BadInput {
  return new BadInput('template.invalid', what);
}
