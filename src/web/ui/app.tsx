import { lazy, useEffect } from 'react';
import { fetchHealth, fetchOverview, type Overview } from './api.ts';
import { Header } from './header.tsx';
import { HomeView } from './home-view.tsx';
import { LazyPart } from './lazy-part.tsx';
import { usePolled } from './polling.ts';
import { useView, VIEWS } from './views.ts';

const AccountView = lazy(async () => ({ default: (await import('./account-view.tsx')).AccountView }));
const AuditView = lazy(async () => ({ default: (await import('./audit-view.tsx')).AuditView }));
const DevicesView = lazy(async () => ({ default: (await import('./devices-view.tsx')).DevicesView }));
const FamilyView = lazy(async () => ({ default: (await import('./family-view.tsx')).FamilyView }));
const HistoryView = lazy(async () => ({ default: (await import('./history-view.tsx')).HistoryView }));
const OwnTitlesView = lazy(async () => ({ default: (await import('./own-titles-view.tsx')).OwnTitlesView }));
const PairView = lazy(async () => ({ default: (await import('./pair-view.tsx')).PairView }));
const ResetView = lazy(async () => ({ default: (await import('./reset-view.tsx')).ResetView }));
const VerifyView = lazy(async () => ({ default: (await import('./verify-view.tsx')).VerifyView }));
const HealthView = lazy(async () => ({ default: (await import('./health-view.tsx')).HealthView }));
const LiveView = lazy(async () => ({ default: (await import('./live-view.tsx')).LiveView }));
const ReviewView = lazy(async () => ({ default: (await import('./review-view.tsx')).ReviewView }));
const ReportsView = lazy(async () => ({ default: (await import('./reports-view.tsx')).ReportsView }));
const FindersView = lazy(async () => ({ default: (await import('./finders-view.tsx')).FindersView }));
const SourcesView = lazy(async () => ({ default: (await import('./sources-view.tsx')).SourcesView }));
const TorrentsView = lazy(async () => ({ default: (await import('./torrents-view.tsx')).TorrentsView }));
const TrackersView = lazy(async () => ({ default: (await import('./trackers-view.tsx')).TrackersView }));
const UsenetView = lazy(async () => ({ default: (await import('./usenet-view.tsx')).UsenetView }));
const SettingsView = lazy(async () => ({ default: (await import('./settings-view.tsx')).SettingsView }));

/** Soon while it is empty: the starter catalogue is imported during the first minute. */
const overviewPace = ({ newest }: Overview) => (newest.length === 0 ? 15_000 : 300_000);
const healthPace = () => 15_000;
/** Elsewhere only the dot in the header shows it. */
const quietHealthPace = () => 60_000;

export function App() {
  const view = useView();
  const overview = usePolled(fetchOverview, overviewPace);
  const health = usePolled(fetchHealth, view === 'health' ? healthPace : quietHealthPace);

  useEffect(() => {
    document.title = view === 'home' ? 'Tributary' : `${VIEWS[view]} · Tributary`;
    window.scrollTo({ top: 0 });
  }, [view]);

  return (
    <>
      <button type="button" className="tb-skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <Header view={view} health={health} />
      <main id="main" tabIndex={-1}>
        {view === 'home' && <HomeView overview={overview} />}
        {view !== 'home' && (
          <LazyPart key={view}>
            {view === 'health' ? <HealthView health={health} /> : <OtherView view={view} />}
          </LazyPart>
        )}
      </main>
      <footer className="tb-footer">
        <span>Tributary {overview.data?.version ?? ''}</span>
        <a href="/manifest.json">Manifest</a>
        <a href="/api/openapi.json">API</a>
      </footer>
    </>
  );
}

const OTHER_VIEWS = {
  account: AccountView,
  audit: AuditView,
  devices: DevicesView,
  family: FamilyView,
  history: HistoryView,
  own: OwnTitlesView,
  pair: PairView,
  reset: ResetView,
  verify: VerifyView,
  live: LiveView,
  review: ReviewView,
  reports: ReportsView,
  finders: FindersView,
  sources: SourcesView,
  torrents: TorrentsView,
  trackers: TrackersView,
  usenet: UsenetView,
  settings: SettingsView,
};

function OtherView({ view }: { view: keyof typeof OTHER_VIEWS }) {
  const Shown = OTHER_VIEWS[view];
  return <Shown />;
}
