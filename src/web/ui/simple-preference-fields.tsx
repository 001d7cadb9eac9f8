import { NativeSelect, NumberInput, Switch } from '@mantine/core';
import type { StreamPreferences } from './preference-api.ts';
import { type SimplePreferences, simpleOf, withSimple } from './simple-preferences.ts';

const LANGUAGES =
  'en de fr es es-419 it pt pt-BR nl pl ru uk cs hu ro el tr ar he fa hi ta te ja ko zh zh-TW sv da no fi'.split(
    ' ',
  );
const names = new Intl.DisplayNames(['en'], { type: 'language' });
const RESOLUTIONS = [
  { value: '', label: 'As sharp as there is' },
  { value: '2160p', label: '2160p (4K)' },
  { value: '1080p', label: '1080p (Full HD)' },
  { value: '720p', label: '720p (HD)' },
  { value: '480p', label: '480p (DVD)' },
];

type SimplePreferenceFieldsProps = { value: StreamPreferences; onChange(value: StreamPreferences): void };

/** The few choices most people have. What was chosen elsewhere stays. */
export function SimplePreferenceFields({ value, onChange }: SimplePreferenceFieldsProps) {
  const simple = simpleOf(value);
  const change = (part: Partial<SimplePreferences>) => onChange(withSimple(value, part));
  const codes = simple.language === '' || LANGUAGES.includes(simple.language) ? [] : [simple.language];
  const turn = (field: 'hidesHevc' | 'hidesHdr' | 'hidesFilmed' | 'savesData' | 'isLanguageKnown') => ({
    checked: simple[field],
    onChange: (event: { currentTarget: { checked: boolean } }) =>
      change({ [field]: event.currentTarget.checked }),
  });
  return (
    <div className="tb-form">
      <NativeSelect
        label="Spoken language"
        description="Only streams spoken in it"
        data={[
          { value: '', label: 'Any' },
          ...[...codes, ...LANGUAGES].map((code) => ({ value: code, label: nameOf(code) })),
        ]}
        value={simple.language}
        onChange={(event) => change({ language: event.currentTarget.value })}
      />
      <Switch
        label="Hide streams that do not say their language"
        disabled={simple.language === ''}
        {...turn('isLanguageKnown')}
      />
      <NativeSelect
        label="Sharpest picture"
        description="What the screen can show"
        data={
          RESOLUTIONS.some(({ value: known }) => known === simple.maxResolution)
            ? RESOLUTIONS
            : [...RESOLUTIONS, { value: simple.maxResolution, label: simple.maxResolution }]
        }
        value={simple.maxResolution}
        onChange={(event) => change({ maxResolution: event.currentTarget.value })}
      />
      <NumberInput
        label="Largest film, in GB"
        description="Episodes: 40 % of it"
        min={0.1}
        max={1000}
        decimalScale={1}
        placeholder="any size"
        value={simple.maxFilmGb ?? ''}
        onChange={(gb) => change({ maxFilmGb: typeof gb === 'number' && gb > 0 ? gb : null })}
      />
      <Switch
        label="Hide HEVC (H.265)"
        description="Older televisions cannot show it"
        {...turn('hidesHevc')}
      />
      <Switch label="Hide HDR" description="Looks grey on screens without it" {...turn('hidesHdr')} />
      <Switch
        label="Hide what was filmed off a screen"
        description="CAM, TS and the like"
        {...turn('hidesFilmed')}
      />
      <Switch
        label="Save data"
        description="At most 4 Mbit/s (1.8 GB an hour), the smallest first"
        {...turn('savesData')}
      />
    </div>
  );
}

function nameOf(code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
