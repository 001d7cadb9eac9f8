import './settings-mantine.css';
import './form.css';
import './stream-preferences.css';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { AdvancedPreferences } from './advanced-preferences.tsx';
import { PolledState } from './polled-state.tsx';
import { usePolled } from './polling.ts';
import { fetchWords, type StreamPreferences as Preferences } from './preference-api.ts';
import { PreferencePreview } from './preference-preview.tsx';
import { SimplePreferenceFields } from './simple-preference-fields.tsx';
import { tidy } from './simple-preferences.ts';

type StreamPreferencesProps = {
  value: Preferences;
  /** Called with every change; keeping it is the caller's business. */
  onChange(value: Preferences): void;
  /** Nobody is signed in any more. */
  onExpired(): void;
};

const hourly = () => 3_600_000;

/** Which streams are shown, in which order and words: a few choices or all of them, with how it looks beside. */
export function StreamPreferences({ value, onChange, onExpired }: StreamPreferencesProps) {
  const { data: words, error } = usePolled(fetchWords, hourly);
  const [isSimple, setIsSimple] = useState(true);
  const change = (next: Preferences) => onChange(tidy(next));
  return (
    <div className="tb-preferences">
      <div className="tb-preferences-fields">
        <div className="tb-actions">
          <Button
            variant={isSimple ? 'filled' : 'default'}
            aria-pressed={isSimple}
            onClick={() => setIsSimple(true)}
          >
            Simple
          </Button>
          <Button
            variant={isSimple ? 'default' : 'filled'}
            aria-pressed={!isSimple}
            onClick={() => setIsSimple(false)}
          >
            Advanced
          </Button>
          <Button
            variant="subtle"
            disabled={Object.keys(value).length === 0}
            onClick={() => onChange({})}
            className="tb-preferences-reset"
          >
            Back to the usual
          </Button>
        </div>
        {isSimple && <SimplePreferenceFields value={value} onChange={change} />}
        {!isSimple && (
          <PolledState
            isLoaded={words !== null}
            failed="What can be chosen could not be loaded"
            height={320}
            error={error}
            onExpired={onExpired}
          />
        )}
        {!isSimple && words !== null && <AdvancedPreferences {...{ value, words }} onChange={change} />}
      </div>
      <PreferencePreview value={value} onExpired={onExpired} />
    </div>
  );
}
