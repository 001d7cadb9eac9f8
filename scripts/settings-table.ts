/** Writes the settings table of the README from `platform/config.ts`; with `--check` says whether it is true. `npm run docs`. */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { Env } from '../src/platform/config.ts';

const README = new URL('../README.md', import.meta.url);
const BEGIN = '<!-- settings: written by `npm run docs` -->';
const END = '<!-- /settings -->';

/** The table, one row a setting: name, default, what it does. */
export function settingsTable(): string {
  const rows = Object.entries(Env.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined);
    const value = fallback.success ? shown(fallback.data) : '';
    return `| \`${name}\` | ${value} | ${schema.description ?? ''} |`;
  });
  return ['| Setting | Default | What it does |', '| --- | --- | --- |', ...rows].join('\n');
}

function shown(value: unknown): string {
  const text = z.union([z.string(), z.number(), z.boolean()]).safeParse(value);
  return text.success ? `\`${text.data}\`` : '';
}

/** The README with the table of this moment in it. */
export function withTable(readme: string): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error('README.md has no settings markers');
  return `${before}${BEGIN}\n${settingsTable()}\n${END}${after}`;
}

if (import.meta.main) {
  await writeFile(README, withTable(await readFile(README, 'utf8')));
}
