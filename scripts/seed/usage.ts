import { BadInput } from '../../src/kit/errors.ts';
import type { Importer } from './importer.ts';

/** What was asked for, or what to say instead and how the program then ends. */
type Command =
  | { importer: Importer; args: readonly string[]; isJson: boolean }
  | { say: string; exitCode: 0 | 2 };

/** Reads the command line; `--help` and `--json` belong to all importers, everything else to the one that is named. */
export function readCommand(argv: readonly string[], importers: readonly Importer[]): Command {
  const [name, ...rest] = argv.filter((arg) => arg !== '--json' && arg !== '--help' && arg !== '-h');
  const asksHelp = argv.includes('--help') || argv.includes('-h');
  if (name === undefined) return { say: usageOf(importers), exitCode: asksHelp ? 0 : 2 };
  const importer = importers.find((each) => each.name === name);
  if (importer === undefined)
    return {
      say: `There is no importer ${JSON.stringify(name.slice(0, 50))}.\n\n${usageOf(importers)}`,
      exitCode: 2,
    };
  if (asksHelp) return { say: usageOf([importer]), exitCode: 0 };
  return { importer, args: rest, isJson: argv.includes('--json') };
}

/** The usage of these importers; a line of theirs is the arguments, two blanks, what it does. */
export function usageOf(importers: readonly Importer[]): string {
  const calls = importers.flatMap(({ name, usage }) =>
    usage.map((line) => {
      const [args = '', ...words] = line.split(/ {2,}/);
      return { call: `npm run seed -- ${name} ${args}`.trim(), words: words.join(' ') };
    }),
  );
  const width = Math.min(60, Math.max(0, ...calls.map(({ call }) => call.length)));
  const lines = calls.map(({ call, words }) => `${call.padEnd(width)}   ${words}`);
  if (importers.length < 2) return `Usage:\n  ${lines.join('\n  ')}`;
  return [
    'npm run seed -- NAME …   fills the catalogue; works while the server runs, and may be run again at any time',
    '',
    ...lines.map((line) => `  ${line}`),
    '',
    'Everywhere: --json gives the summary as JSON, --help tells the usage. Ctrl+C stops it; the same command goes on.',
  ].join('\n');
}

const BAD_USAGE = 'seed.usage';

/** The importer was not asked as it must be; its usage is shown below the sentence. */
export function badUsage(message: string): BadInput {
  return new BadInput(BAD_USAGE, message);
}

export function isBadUsage(error: unknown): error is BadInput {
  return error instanceof BadInput && error.code === BAD_USAGE;
}

/** The one argument of an importer that takes one. Throws `badUsage`. */
export function onlyArgument(args: readonly string[], what: string): string {
  const [only, ...more] = args;
  if (only === undefined || more.length > 0) throw badUsage(`Give ${what}.`);
  return only;
}
