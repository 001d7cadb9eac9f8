import { NativeSelect, NumberInput } from '@mantine/core';
import { ChoiceFields } from './choice-fields.tsx';
import { OrderedList } from './ordered-list.tsx';
import {
  CHOICES,
  type ChoiceName,
  type PreferenceWords,
  type SortKey,
  type StreamPreferences,
} from './preference-api.ts';
import { TemplateFields } from './template-fields.tsx';

type AdvancedPreferencesProps = {
  value: StreamPreferences;
  words: PreferenceWords;
  onChange(value: StreamPreferences): void;
};

const NAMES: Record<ChoiceName, string> = {
  language: 'Spoken language',
  subtitles: 'Subtitles',
  resolution: 'Resolution',
  quality: 'Where it was made from',
  hdr: 'HDR',
  codec: 'Codec of the picture',
  picture: 'Picture',
  audio: 'Sound',
  channels: 'Channels of the sound',
  kind: 'Kind of stream',
  source: 'Source',
};
const PLACEHOLDERS: Partial<Record<ChoiceName, string>> = {
  language: 'de, pt-BR, Japanese …',
  subtitles: 'de, pt-BR, Japanese …',
  source: 'name of a source',
};
const SORT_NAMES: Readonly<Record<string, string>> = {
  ...NAMES,
  keywords: 'Words of the name',
  patterns: 'Patterns of the name',
  size: 'Size',
  bitrate: 'Bit rate',
  seeders: 'Seeders',
  age: 'Age of a post',
  score: 'Score',
  verified: 'Checked by somebody',
};
const GB = 1_000_000_000;
const MBIT = 1_000_000;

/** Everything a profile may choose. */
export function AdvancedPreferences({ value, words, onChange }: AdvancedPreferencesProps) {
  const change = (part: Partial<StreamPreferences>) => onChange({ ...value, ...part });
  return (
    <>
      <section className="tb-preferences-part" aria-label="What is shown">
        <h3>What is shown</h3>
        {CHOICES.map((name) => (
          <ChoiceFields
            key={name}
            title={NAMES[name]}
            words={words.vocabulary[name] ?? null}
            {...(PLACEHOLDERS[name] === undefined ? {} : { placeholder: PLACEHOLDERS[name] })}
            hasUnknown={name !== 'kind'}
            choice={value[name]}
            onChange={(choice) => change({ [name]: { ...value[name], ...choice } })}
          />
        ))}
        <ChoiceFields
          title="Words of the name"
          about="Whole words, whatever their capitals and dots: web-dl finds WEB.DL."
          words={null}
          placeholder="remux"
          hasUnknown={false}
          choice={value.keywords}
          onChange={(keywords) => change({ keywords })}
        />
        <ChoiceFields
          title="Patterns of the name"
          about="Regular expressions (RE2), ten of each at most."
          words={null}
          placeholder="-(FLUX|NTb)$"
          hasUnknown={false}
          choice={value.patterns}
          onChange={(patterns) => change({ patterns })}
        />
      </section>
      <Numbers value={value} change={change} />
      <Order sort={value.sort ?? []} keys={words.sortKeys} onChange={(sort) => change({ sort })} />
      <TemplateFields
        {...{ words }}
        value={value.templates}
        onChange={(templates) => change({ templates })}
      />
    </>
  );
}

type NumbersProps = { value: StreamPreferences; change(part: Partial<StreamPreferences>): void };

function Numbers({ value, change }: NumbersProps) {
  const { size = {}, bitrate = {}, seeders = {}, caps = {} } = value;
  return (
    <section className="tb-preferences-part" aria-label="Limits">
      <h3>Limits</h3>
      <div className="tb-preferences-numbers">
        {(['film', 'episode'] as const).flatMap((of) =>
          (['min', 'max'] as const).map((end) => (
            <Amount
              key={`${of} ${end}`}
              label={`${end === 'min' ? 'Smallest' : 'Largest'} ${of}, in GB`}
              unit={GB}
              value={size[of]?.[end]}
              onChange={(bytes) => change({ size: { ...size, [of]: { ...size[of], [end]: bytes } } })}
            />
          )),
        )}
        {(['min', 'max'] as const).map((end) => (
          <Amount
            key={end}
            label={`${end === 'min' ? 'Lowest' : 'Highest'} bit rate, in Mbit/s`}
            unit={MBIT}
            value={bitrate[end]}
            onChange={(bits) => change({ bitrate: { ...bitrate, [end]: bits } })}
          />
        ))}
        <Amount
          label="Fewest seeders of a torrent"
          value={seeders.min}
          onChange={(min) => change({ seeders: { ...seeders, min } })}
        />
        <Amount
          label="Most streams in all"
          value={caps.total}
          onChange={(total) => change({ caps: { ...caps, total } })}
        />
        <Amount
          label="Most of one resolution"
          value={caps.perResolution}
          onChange={(perResolution) => change({ caps: { ...caps, perResolution } })}
        />
      </div>
    </section>
  );
}

type AmountProps = {
  label: string;
  /** What one of it is in what is kept. */
  unit?: number;
  value: number | undefined;
  onChange(value: number | undefined): void;
};

function Amount({ label, unit = 1, value, onChange }: AmountProps) {
  return (
    <NumberInput
      label={label}
      min={0}
      decimalScale={unit === 1 ? 0 : 2}
      placeholder="no limit"
      value={value === undefined ? '' : value / unit}
      onChange={(amount) =>
        onChange(typeof amount === 'number' && amount > 0 ? Math.round(amount * unit) : undefined)
      }
    />
  );
}

type OrderProps = { sort: readonly SortKey[]; keys: readonly string[]; onChange(sort: SortKey[]): void };

function Order({ sort, keys, onChange }: OrderProps) {
  const left = keys.filter((key) => !sort.some((each) => each.key === key));
  const directionOf = (id: string) => sort.find(({ key }) => key === id)?.direction ?? 'descending';
  return (
    <section className="tb-preferences-part" aria-label="Order">
      <h3>Order</h3>
      <p className="tb-quiet">
        What is preferred comes first, then these, then the usual order. The first in which two streams differ
        decides.
      </p>
      <OrderedList
        label="Order of streams"
        items={sort.map(({ key }) => ({ id: key, name: SORT_NAMES[key] ?? key }))}
        onChange={(ids) => onChange(ids.map((key) => ({ key, direction: directionOf(key) })))}
        extra={(id) => (
          <NativeSelect
            aria-label={`Direction of ${SORT_NAMES[id] ?? id}`}
            data={[
              { value: 'descending', label: 'best or most first' },
              { value: 'ascending', label: 'least first' },
            ]}
            value={directionOf(id)}
            onChange={(event) => {
              const direction = event.currentTarget.value === 'ascending' ? 'ascending' : 'descending';
              onChange(sort.map((each) => (each.key === id ? { key: id, direction } : each)));
            }}
          />
        )}
      />
      <NativeSelect
        aria-label="Add to the order"
        data={[
          { value: '', label: 'Add to the order …' },
          ...left.map((key) => ({ value: key, label: SORT_NAMES[key] ?? key })),
        ]}
        value=""
        onChange={(event) => {
          const key = event.currentTarget.value;
          if (key !== '') onChange([...sort, { key }]);
        }}
      />
    </section>
  );
}
