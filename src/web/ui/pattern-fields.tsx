import { Button, TextInput } from '@mantine/core';
import type { Pattern } from './finder-api.ts';

type PatternFieldsProps = { patterns: readonly Pattern[]; onChange(patterns: readonly Pattern[]): void };

/** What is taken of a feed, and into which catalogue it goes. */
export function PatternFields({ patterns, onChange }: PatternFieldsProps) {
  const change = (place: number, part: Partial<Pattern>) =>
    onChange(patterns.map((pattern, index) => (index === place ? { ...pattern, ...part } : pattern)));
  return (
    <fieldset className="tb-patterns">
      <legend>Patterns</legend>
      <p className="tb-quiet">
        Regular expressions of what is taken (RE2); none: all of it. Groups named title, year, season and
        episode win over what the name says, as in <code>{'(?P<title>.+) S(?P<season>\\d+)'}</code>.
      </p>
      {patterns.map(({ pattern, catalog }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and keep their places
        <div className="tb-pattern" key={place}>
          <TextInput
            aria-label={`Pattern ${place + 1}`}
            value={pattern}
            spellCheck={false}
            placeholder="2160p.*WEB"
            onChange={(event) => change(place, { pattern: event.currentTarget.value })}
          />
          <TextInput
            aria-label={`Catalogue of pattern ${place + 1}`}
            value={catalog ?? ''}
            spellCheck={false}
            placeholder="into no catalogue"
            onChange={(event) => change(place, { catalog: event.currentTarget.value.trim() || null })}
          />
          <Button
            variant="default"
            onClick={() => onChange(patterns.filter((_, index) => index !== place))}
            aria-label={`Take pattern ${place + 1} away`}
          >
            ×
          </Button>
        </div>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        onClick={() => onChange([...patterns, { pattern: '', catalog: null }])}
      >
        Add a pattern
      </Button>
    </fieldset>
  );
}
