import { type CSSProperties, useState } from 'react';
import { FilmIcon } from './icons.tsx';

type PosterProps = {
  /** Of the colour of the tile that stands in for a missing poster. */
  id: string;
  title: string;
  kind: string;
  src: string | null;
};

/** A poster; where there is none, or it does not load, a tile with the name. */
export function Poster({ id, title, kind, src }: PosterProps) {
  const [broken, setBroken] = useState<string | null>(null);
  if (src === null || src === broken) return <FallbackTile id={id} title={title} />;
  return (
    <img
      src={src}
      alt=""
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      data-kind={kind}
      onError={() => setBroken(src)}
    />
  );
}

/** In a colour of its own, always the same for the same title. */
function FallbackTile({ id, title }: Pick<PosterProps, 'id' | 'title'>) {
  const hue = 160 + ([...id].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 997, 7) % 130);
  const tileHue: CSSProperties & Record<'--tile-hue', number> = { '--tile-hue': hue };
  return (
    <div className="tb-fallback" style={tileHue} aria-hidden="true">
      <FilmIcon size={26} />
      <span>{title}</span>
    </div>
  );
}
