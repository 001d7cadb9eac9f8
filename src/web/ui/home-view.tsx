import { lazy } from 'react';
import { addressesOf } from './addresses.ts';
import type { Overview } from './api.ts';
import { Catalogue } from './catalogue.tsx';
import { InstallPanel } from './install-panel.tsx';
import { LazyPart } from './lazy-part.tsx';
import { RiverBackdrop } from './mark.tsx';
import { PlayerSteps } from './player-steps.tsx';
import type { Polled } from './polling.ts';
import { ReachAdvice } from './reach-advice.tsx';

const MeasureCard = lazy(async () => ({ default: (await import('./measure-card.tsx')).MeasureCard }));

/** Install first, then what is inside. */
export function HomeView({ overview }: { overview: Polled<Overview> }) {
  const addresses = addressesOf(overview.data);
  return (
    <>
      <section className="tb-hero" aria-labelledby="hero-title">
        <RiverBackdrop />
        <div className="tb-hero-inner">
          <div className="tb-hero-words">
            <h1 id="hero-title">
              Every source you have,
              <br />
              one stream.
            </h1>
            <p>
              Tributary keeps your films, series and channels in one catalogue and plays them in Stremio, Kodi
              and VLC, wherever the bytes come from.
            </p>
          </div>
          <InstallPanel addresses={addresses} />
          <PlayerSteps addresses={addresses} />
          {(overview.data || overview.error) && <ReachAdvice addresses={addresses} />}
        </div>
      </section>
      <Catalogue overview={overview} addresses={addresses} />
      {overview.data?.publicCatalog === 'all' && (
        <div className="tb-section">
          <LazyPart fallback={null}>
            <MeasureCard />
          </LazyPart>
        </div>
      )}
    </>
  );
}
