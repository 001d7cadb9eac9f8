import './settings-mantine.css';
import './source-health.css';
import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { count, plural } from './format.ts';
import { type Measured, measureSources } from './measure-sources.ts';
import { toFailure, usePolled } from './polling.ts';
import { fetchMeasured, type MeasuredSource, sendReports, type Taken } from './source-health-api.ts';

const pace = () => 600_000;
const REMEMBERED = 'tributary.provider';

/** A viewer measures the file servers from here and tells the server; nothing where there are none to measure. */
export function MeasureCard() {
  const { data } = usePolled(fetchMeasured, pace);
  return data === null || data.length === 0 ? null : <Measure sources={data} />;
}

function Measure({ sources }: { sources: readonly MeasuredSource[] }) {
  const [ispName, setIspName] = useState(() => localStorage.getItem(REMEMBERED) ?? '');
  const [isBusy, setIsBusy] = useState(false);
  const [measured, setMeasured] = useState<readonly Measured[]>([]);
  const [told, setTold] = useState('');
  const stop = useRef(new AbortController());
  useEffect(() => {
    const leaving = new AbortController();
    stop.current = leaving;
    return () => leaving.abort();
  }, []);

  async function measure(event: FormEvent) {
    event.preventDefault();
    const { signal } = stop.current;
    setIsBusy(true);
    setTold('');
    localStorage.setItem(REMEMBERED, ispName.trim());
    try {
      const found = await measureSources(sources, signal);
      setMeasured(found);
      const reports = found.flatMap(({ report }) => (report === null ? [] : [report]));
      setTold(
        reports.length === 0
          ? 'This browser may ask none of them from this page.'
          : wordsOf(await sendReports({ ispName: ispName.trim(), reports }, signal)),
      );
    } catch (reason) {
      if (!signal.aborted) setTold(toFailure(reason).message);
    } finally {
      if (!signal.aborted) setIsBusy(false);
    }
  }

  return (
    <section className="tb-card tb-measure" aria-labelledby="measure-title">
      <h2 id="measure-title">Do you reach the file servers?</h2>
      <p className="tb-quiet">
        Your browser asks {plural(sources.length, 'file server', 'file servers')} and tells this server which
        answered and how soon, so that links you can reach come first. Your address is not kept.
      </p>
      <form onSubmit={(event) => void measure(event)}>
        <TextInput
          label="Your internet provider"
          placeholder="As you call it"
          autoComplete="off"
          maxLength={100}
          required
          value={ispName}
          onChange={(event) => setIspName(event.currentTarget.value)}
        />
        <Button type="submit" loading={isBusy} disabled={ispName.trim() === ''}>
          Measure
        </Button>
      </form>
      {measured.length > 0 && (
        <ul className="tb-measured">
          {measured.map(({ source, report }) => (
            <li key={source.sourceId} data-tone={report?.isReachable === false ? 'bad' : undefined}>
              <span>{source.name}</span>
              <span>{resultOf(report)}</span>
            </li>
          ))}
        </ul>
      )}
      <p className="tb-quiet tb-measure-told" role="status">
        {told}
      </p>
    </section>
  );
}

function resultOf(report: Measured['report']): string {
  if (report === null) return 'cannot be asked from here';
  return report.isReachable ? `${count(report.responseMs ?? 0)} ms` : 'not reached';
}

function wordsOf({ accepted, repeated }: Taken): string {
  if (accepted > 0) return `Thank you: ${plural(accepted, 'measure was', 'measures were')} counted.`;
  return repeated > 0 ? 'Counted already within the hour.' : 'Enough is known for this hour.';
}
