import type { ReactNode } from 'react';
import { pageOf } from './outside-id.ts';
import { sourceName } from './source-names.ts';

type CandidateProps = {
  label: string;
  poster: ReactNode;
  name: string;
  kind: string;
  /** 0 to 1; null: nobody guessed. */
  confidence: number | null;
  ids: readonly (readonly [provider: string, id: string])[];
  reason: string | null;
  action: ReactNode;
};

/** From here on nobody is asked. */
const SURE = 0.8;

/** What a title may be: poster, name, how sure that is, its pages elsewhere, and the button that says so. */
export function Candidate({ label, poster, name, kind, confidence, ids, reason, action }: CandidateProps) {
  return (
    <section className="tb-candidate" aria-label={`${label}: ${name}`}>
      <div className="tb-poster">{poster}</div>
      <div className="tb-candidate-words">
        <span className="tb-label">{label}</span>
        <h3>{name}</h3>
        {confidence !== null && <Confidence share={confidence} />}
        {ids.length > 0 && (
          <p className="tb-candidate-ids">
            {ids.map(([provider, id]) => (
              <OutsideLink key={provider} {...{ provider, id, kind }} />
            ))}
          </p>
        )}
        {reason !== null && <p className="tb-quiet">{reason}</p>}
        {action}
      </div>
    </section>
  );
}

function Confidence({ share }: { share: number }) {
  const percent = `${Math.round(share * 100)} %`;
  return (
    <p className="tb-confidence" data-sure={share >= SURE}>
      <span className="tb-confidence-bar" role="img" aria-label={`${percent} alike`}>
        <span className="tb-confidence-part" style={{ width: percent.replace(' ', '') }} />
      </span>
      <span>{percent} alike</span>
    </p>
  );
}

function OutsideLink({ provider, id, kind }: { provider: string; id: string; kind: string }) {
  const page = pageOf(provider, id, kind);
  const words = `${sourceName(provider)} ${id}`;
  if (page === null) return <span>{words}</span>;
  return (
    <a href={page} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  );
}
