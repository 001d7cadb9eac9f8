import { RE2JS } from 're2js';
import { BadInput } from './errors.ts';

/** A pattern somebody wrote, and what it found. */
export type LinearPattern = {
  /** How much one character of a text costs at worst. */
  steps: number;
  /** What its named groups hold where it is found in the text (the first 300 characters of it); null: it is not. */
  find(text: string): Readonly<Record<string, string>> | null;
};

export const MAX_PATTERN_CHARS = 300;
const MAX_TEXT_CHARS = 300;
/** Steps of the compiled pattern: each costs a moment for each character, so this many and 300 characters are 15 ms at worst. */
const MAX_STEPS = 1000;

/**
 * Compiles a regular expression of a user in RE2's syntax (no look-around, no back-references), case not minded. It takes time in
 * proportion to the text, whatever it is: `(a+)+$` does not explode. Throws BadInput `pattern.invalid`.
 */
export function compilePattern(source: string): LinearPattern {
  if (source.length > MAX_PATTERN_CHARS) throw invalid('The pattern is longer than 300 characters.');
  const compiled = compiledOf(source);
  const steps = compiled.programSize();
  if (steps > MAX_STEPS) throw invalid('The pattern is too costly: repeat less in it.');
  const names = Object.keys(compiled.namedGroups());
  return {
    steps,
    find(text) {
      const matcher = compiled.matcher(text.slice(0, MAX_TEXT_CHARS));
      if (!matcher.find()) return null;
      return Object.fromEntries(
        names.flatMap((name) => {
          const value = matcher.group(name);
          return value === null ? [] : [[name, value]];
        }),
      );
    },
  };
}

function compiledOf(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch {
    throw invalid(
      'The pattern is no regular expression that is understood here: RE2’s syntax has no look-around and no back-references.',
    );
  }
}

function invalid(message: string): BadInput {
  return new BadInput('pattern.invalid', message, [{ path: 'pattern', message: 'is not a usable pattern' }]);
}
