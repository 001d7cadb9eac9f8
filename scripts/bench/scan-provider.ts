/** A provider in the shape of Cinemeta, a process of its own: `node scan-provider.ts PORT`. `/asked` tells when each question came, in ms. */
import { createServer } from 'node:http';
import { filmAt, placeOf } from './scan-films.ts';

const asked: number[] = [];
const server = createServer((req, res) => {
  const url = req.url ?? '';
  if (url === '/asked') return void res.end(JSON.stringify(asked.splice(0)));
  asked.push(performance.now());
  const search = /\/search=(.*)\.json$/.exec(url)?.[1];
  const id = /\/meta\/movie\/tt(\d+)\.json$/.exec(url)?.[1];
  const place = id === undefined ? placeOf(decodeURIComponent(search ?? '')) : Number(id) - FIRST_ID;
  if (place === null) return void res.end(JSON.stringify(id === undefined ? { metas: [] } : {}));
  const meta = metaOf(place);
  return void res.end(JSON.stringify(id === undefined ? { metas: [hitOf(meta)] } : { meta }));
});
const FIRST_ID = 9_000_000;
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), '127.0.0.1');

type Meta = ReturnType<typeof metaOf>;
function hitOf({ id, type, name, releaseInfo, poster }: Meta) {
  return { id, type, name, releaseInfo, poster };
}

/** As much as Cinemeta tells of a film. */
function metaOf(place: number) {
  const { title, year } = filmAt(place);
  const id = `tt${FIRST_ID + place}`;
  const image = (type: string) => `https://images.example/${type}/${id}.jpg`;
  return {
    ...{
      id,
      type: 'movie',
      name: title,
      releaseInfo: String(year),
      released: `${year}-05-0${1 + (place % 9)}`,
    },
    ...{ runtime: `${90 + (place % 60)} min`, moviedb_id: 5_000_000 + place },
    description: `${title}: people meet, part and meet again, and one of them keeps what another lost in ${year}.`,
    genres: ['Drama', 'Comedy', 'Crime', 'Action', 'Romance'].slice(place % 3, (place % 3) + 3),
    cast: [0, 1, 2, 3].map((n) => `Actor Number${(place * 4 + n * 17) % 3000}`),
    director: [`Director Number${place % 500}`],
    writer: [`Writer Number${place % 700}`],
    imdbRating: String(5 + (place % 40) / 10),
    ...{ poster: image('poster'), background: image('background'), logo: image('logo') },
    trailerStreams: [{ ytId: 'dQw4w9WgXcQ' }],
  };
}
