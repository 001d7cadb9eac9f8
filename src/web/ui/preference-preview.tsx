import { Alert, Skeleton } from '@mantine/core';
import { useEffect, useState } from 'react';
import { ApiFailure } from './api.ts';
import { fetchPreview, type Preview, type StreamPreferences } from './preference-api.ts';

type PreferencePreviewProps = { value: StreamPreferences; onExpired(): void };
type Shown = { preview: Preview | null; failure: ApiFailure | null };

/** A pause in typing. */
const PAUSE_MS = 300;

/** How samples of a film look under these preferences, asked of the server after each change. */
export function PreferencePreview({ value, onExpired }: PreferencePreviewProps) {
  const { preview, failure } = usePreview(value, onExpired);
  return (
    <section className="tb-preview tb-card" aria-labelledby="preview-title" aria-busy={preview === null}>
      <h3 id="preview-title">How it looks</h3>
      <p className="tb-quiet">Samples of one film, as the add-on would list them.</p>
      {failure !== null && (
        <Alert color="red" variant="light" role="alert" title="This cannot be used yet">
          {failure.issues.length === 0
            ? failure.message
            : failure.issues.map(({ path, message }) => (
                <p key={`${path} ${message}`}>
                  <code>{path.replace(/^preferences\./, '')}</code> {message}
                </p>
              ))}
        </Alert>
      )}
      {preview === null && failure === null && <Skeleton height={240} radius="lg" />}
      {preview !== null && <PreviewList preview={preview} />}
    </section>
  );
}

function usePreview(value: StreamPreferences, onExpired: () => void): Shown {
  const [shown, setShown] = useState<Shown>({ preview: null, failure: null });
  const text = JSON.stringify(value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: equal preferences are asked about once, whoever made them
  useEffect(() => {
    const left = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const preview = await fetchPreview(value, left.signal);
        setShown({ preview, failure: null });
      } catch (reason) {
        if (left.signal.aborted || !(reason instanceof ApiFailure)) return;
        if (reason.status === 401) onExpired();
        // The last good one stays beside what is wrong.
        setShown((before) => ({ ...before, failure: reason }));
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      left.abort(new Error('changed again'));
    };
  }, [text]);
  return shown;
}

function PreviewList({ preview: { shown, hidden, hiddenCount, note } }: { preview: Preview }) {
  return (
    <>
      <p role="status" className="tb-label">
        {shown.length} shown, {hiddenCount} hidden
      </p>
      {note !== null && (
        <Alert color="orange" variant="light">
          {note}
        </Alert>
      )}
      <ol className="tb-preview-list">
        {shown.map(({ name, description, sortKeys, preferred }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two may say the same
          <li key={place}>
            <span className="tb-preview-name">{name}</span>
            <span className="tb-preview-words">
              {description}
              {sortKeys.length > 0 && (
                <span className="tb-preview-why">
                  {sortKeys.map(({ key, value }) => `${key} ${value ?? 'unknown'}`).join(' › ')}
                  {preferred.length > 0 && ` (preferred: ${preferred.join(', ')})`}
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
      {hiddenCount > 0 && (
        <details className="tb-choice">
          <summary>
            <span>Hidden, and why</span>
            <span className="tb-quiet">{hiddenCount}</span>
          </summary>
          <ul className="tb-preview-hidden">
            {hidden.map(({ name, rule, reason }, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may say the same
              <li key={place}>
                <b>{name}</b> {reason} <code>{rule}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
