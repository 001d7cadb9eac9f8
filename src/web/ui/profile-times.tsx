import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useActing } from './acting.ts';
import { changeProfile, type Hours, type Profile } from './family-api.ts';
import { TestAnswer } from './test-answer.tsx';

const DAYS = { school: [1, 2, 3, 4, 5], weekend: [6, 7] };
type Span = { way: 'any' | 'between' | 'never'; from: string; to: string };
const WAYS: { value: Span['way']; label: string }[] = [
  { value: 'any', label: 'At any time' },
  { value: 'between', label: 'Between two times' },
  { value: 'never', label: 'Not at all' },
];

type ProfileTimesProps = { profile: Profile; onDone(): void; onExpired(): void };

/** When a kid may watch, and how long a day. */
export function ProfileTimes({ profile, onDone, onExpired }: ProfileTimesProps) {
  // The fields are of this one, whatever comes in while somebody types.
  const [loaded] = useState(profile);
  const [school, setSchool] = useState(() => spanOf(profile.hours, DAYS.school));
  const [weekend, setWeekend] = useState(() => spanOf(profile.hours, DAYS.weekend));
  const [minutes, setMinutes] = useState(profile.dailyMinutes === null ? '' : `${profile.dailyMinutes}`);
  const { isActing, failure, act } = useActing(onExpired);
  const isOther = profile.hours !== null && !isSimple(profile.hours);
  async function submit(event: SubmitEvent) {
    event.preventDefault();
    const dailyMinutes = minutes.trim() === '' ? null : Number(minutes);
    const change = { hours: hoursOf(school, weekend), dailyMinutes };
    if (await act(async (signal) => void (await changeProfile(loaded, change, signal)))) onDone();
  }
  return (
    <form
      className="tb-form"
      aria-label={`Times of ${profile.name}`}
      onSubmit={(event) => void submit(event)}
    >
      {isOther && (
        <p className="tb-quiet tb-form-wide">
          {profile.name} has other times by now than can be shown here. Saving puts these in their place.
        </p>
      )}
      <SpanFields label="Monday to Friday" span={school} onChange={setSchool} />
      <SpanFields label="Weekend" span={weekend} onChange={setWeekend} />
      <TextInput
        label="Minutes a day"
        description={`Empty: as many as they like.${usedWords(profile)}`}
        type="number"
        min={0}
        max={1440}
        value={minutes}
        onChange={(event) => setMinutes(event.currentTarget.value)}
      />
      <TestAnswer tested={null} failure={failure} />
      <div className="tb-actions">
        <Button type="submit" loading={isActing}>
          Save
        </Button>
      </div>
    </form>
  );
}

type SpanFieldsProps = { label: string; span: Span; onChange(span: Span): void };

function SpanFields({ label, span, onChange }: SpanFieldsProps) {
  return (
    <div className="tb-times">
      <NativeSelect
        label={label}
        data={WAYS}
        value={span.way}
        onChange={(event) => {
          const way = WAYS.find(({ value }) => value === event.currentTarget.value)?.value ?? 'any';
          onChange({ ...span, way });
        }}
      />
      {span.way === 'between' &&
        (['from', 'to'] as const).map((end) => (
          <TextInput
            key={end}
            type="time"
            required
            aria-label={`${label}, ${end}`}
            value={span[end]}
            onChange={(event) => onChange({ ...span, [end]: event.currentTarget.value })}
          />
        ))}
    </div>
  );
}

function usedWords({ dailyMinutes, minutesWatched }: Profile): string {
  return dailyMinutes === null ? '' : ` Used today: ${minutesWatched}.`;
}

const isOfDays = (days: readonly number[], of: readonly number[]) =>
  days.length === of.length && of.every((day) => days.includes(day));

/** As this form would have made them. */
function isSimple(hours: Hours): boolean {
  const { school, weekend } = DAYS;
  const isOne = ({ days }: Hours[number]) => isOfDays(days, school) || isOfDays(days, weekend);
  const daysOnce =
    new Set(hours.flatMap(({ days }) => days)).size === hours.flatMap(({ days }) => days).length;
  return daysOnce && hours.every(isOne);
}

function spanOf(hours: Hours | null, days: readonly number[]): Span {
  const usual = { from: '15:00', to: '19:00' };
  if (hours === null) return { way: 'any', ...usual };
  const own = hours.find((window) => isOfDays(window.days, days));
  if (own === undefined) return { way: 'never', ...usual };
  if (own.from === '00:00' && own.to === '24:00') return { way: 'any', ...usual };
  return { way: 'between', from: own.from, to: own.to === '24:00' ? '00:00' : own.to };
}

function hoursOf(school: Span, weekend: Span): Hours | null {
  if (school.way === 'any' && weekend.way === 'any') return null;
  return [...windowOf(school, DAYS.school), ...windowOf(weekend, DAYS.weekend)];
}

function windowOf({ way, from, to }: Span, days: number[]): Hours {
  if (way === 'never') return [];
  return [way === 'any' ? { days, from: '00:00', to: '24:00' } : { days, from, to }];
}
