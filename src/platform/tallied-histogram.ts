import { Histogram, type HistogramConfiguration } from 'prom-client';

type Tally = { labels: Record<string, string>; counts: number[]; sum: number; count: number };
type Value = {
  labels: Record<string, string | number>;
  sharedLabels: Record<string, string>;
  value: number;
  metricName: string;
};

type Config<T extends string> = HistogramConfiguration<T> & { buckets: number[] };

/** Counts values, in seconds or what its name says. */
export type TalliedHistogram = {
  /** Label values in the order of `labelNames`. Keep what this gives where it is asked often. */
  series(...values: string[]): { observe(value: number): void };
};

/**
 * prom-client's histogram with counting of its own: theirs finds its place by hashing the labels at each value, which was 2.4 µs of
 * each of a range's three. The text that is scraped is the same.
 */
export function createTalliedHistogram<T extends string>(config: Config<T>): TalliedHistogram {
  return new Tallied(config);
}

/** Not given out: what prom-client's own `observe` and `labels` count would be in no text. */
class Tallied<T extends string> extends Histogram<T> implements TalliedHistogram {
  readonly #config: HistogramConfiguration<T>;
  readonly #bounds: readonly number[];
  readonly #tallies = new Map<string, Tally>();

  constructor(config: Config<T>) {
    super(config);
    this.#config = config;
    this.#bounds = config.buckets;
  }

  series(...values: string[]): { observe(value: number): void } {
    const key = values.join('\n');
    const tally = this.#tallies.get(key) ?? this.#begin(values);
    this.#tallies.set(key, tally);
    return { observe: (value) => this.#add(tally, value) };
  }

  #begin(values: readonly string[]): Tally {
    const names = this.#config.labelNames ?? [];
    const labels = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
    return { labels, counts: new Array(this.#bounds.length + 1).fill(0), sum: 0, count: 0 };
  }

  #add(tally: Tally, value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? 0)) at += 1;
    tally.counts[at] = (tally.counts[at] ?? 0) + 1;
    tally.sum += value;
    tally.count += 1;
  }

  /** What prom-client asks, for its text and for `get`. */
  async getForPromString() {
    const { name, help } = this.#config;
    const values = [...this.#tallies.values()].flatMap((tally) => this.#valuesOf(tally));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }

  #valuesOf({ labels, counts, sum, count }: Tally): Value[] {
    const { name } = this.#config;
    let below = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, index) => {
      below += counts[index] ?? 0;
      return { labels: { le }, sharedLabels: labels, value: below, metricName: `${name}_bucket` };
    });
    const whole = (what: string, value: number) => ({
      ...{ labels: {}, sharedLabels: labels, value },
      metricName: `${name}_${what}`,
    });
    return [...buckets, whole('sum', sum), whole('count', count)];
  }
}
