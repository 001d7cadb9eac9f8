import { Progress } from '@mantine/core';
import type { Overview } from './api.ts';
import { count } from './format.ts';

type Counted = Overview['catalogue'];

const TILES: readonly [
  keyof Counted & ('movies' | 'series' | 'tv' | 'events' | 'episodes' | 'streams'),
  string,
][] = [
  ['movies', 'Films'],
  ['series', 'Series'],
  ['episodes', 'Episodes'],
  ['tv', 'Channels'],
  ['events', 'Events'],
  ['streams', 'Streams'],
];
const MOST_BARS = 7;

/** How much there is, by type, by where the bytes come from and by licence. */
export function CatalogueCounts({ catalogue }: { catalogue: Counted }) {
  return (
    <div className="tb-counts">
      <h2>What is inside</h2>
      <dl className="tb-tiles">
        {TILES.map(([key, label]) => (
          <div key={key} className="tb-card tb-tile" data-empty={catalogue[key] === 0}>
            <dt>{label}</dt>
            <dd>{count(catalogue[key])}</dd>
          </div>
        ))}
      </dl>
      <div className="tb-two">
        <Bars
          heading="Streams by kind"
          data={catalogue.byStreamKind.map(({ kind, count: value }) => ({ name: kind, value }))}
        />
        <Bars
          heading="Streams by licence"
          data={catalogue.byLicence.map(({ name, count: value }) => ({ name, value }))}
        />
      </div>
    </div>
  );
}

function Bars({ heading, data }: { heading: string; data: { name: string; value: number }[] }) {
  const sorted = data.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value);
  const rest = sorted.slice(MOST_BARS).reduce((sum, { value }) => sum + value, 0);
  const bars = [...sorted.slice(0, MOST_BARS), ...(rest > 0 ? [{ name: 'others', value: rest }] : [])];
  const most = Math.max(...bars.map(({ value }) => value));
  return (
    <div className="tb-card tb-bars">
      <h3 className="tb-label">{heading}</h3>
      {bars.length === 0 && <p className="tb-quiet">Nothing yet.</p>}
      <ul>
        {bars.map(({ name, value }) => (
          <li key={name}>
            <p>
              <span title={name}>{name}</span>
              <span>{count(value)}</span>
            </p>
            <Progress value={Math.max(1.5, (100 * value) / most)} size={7} radius="xl" aria-hidden />
          </li>
        ))}
      </ul>
    </div>
  );
}
