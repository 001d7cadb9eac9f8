import { Badge } from '@mantine/core';
import { count, duration, plural, timeOfDay } from './format.ts';
import type { Source } from './metadata-api.ts';
import { sourceName } from './source-names.ts';

/** One source of metadata: how it does, what it was asked today, and until when it wants peace. */
export function MetadataSourceRow({ source }: { source: Source }) {
  const { word, color } = badgeOf(source);
  return (
    <li>
      <b>{sourceName(source.name)}</b>
      <Badge color={color} variant="light" size="sm" radius="sm" tt="none">
        {word}
      </Badge>
      <span className="tb-quiet">{factsOf(source).join(' · ')}</span>
      {source.lastError !== null && <p className="tb-row-reason">{source.lastError}</p>}
    </li>
  );
}

function badgeOf({ restUntil, lastError }: Source) {
  if (restUntil !== null)
    return { word: `Resting until ${timeOfDay(Date.parse(restUntil))}`, color: 'orange' };
  return lastError === null ? { word: 'On', color: 'teal' } : { word: 'Failing', color: 'red' };
}

function factsOf({ askedToday, perDay, asked, failures, lastAskedAt }: Source): string[] {
  if (lastAskedAt === null) return ['not asked yet'];
  return [
    `${count(askedToday)}${perDay === null ? '' : ` of ${count(perDay)}`} today`,
    `${count(asked)} in all`,
    ...(failures > 0 ? [plural(failures, 'failure', 'failures')] : []),
    `asked ${duration(Date.now() - Date.parse(lastAskedAt))} ago`,
  ];
}
