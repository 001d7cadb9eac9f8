import { expect, test } from 'vitest';
import { openRoom, post, providerAt, startServers } from '../support/usenet-room.ts';

test.each([1, 2, 4, 8])('thousands of articles come right over %d connections', async (connections) => {
  const film = post(1500, 6000);
  await using servers = await startServers([{}], film.articles);
  const [server] = servers;
  if (server === undefined) throw new Error('no server');
  await using room = openRoom({ post: film, providers: [providerAt(server, { connections })] });
  const fetched = film.parts.map((_, part) => room.fetch(part));
  const whole = await Promise.all(fetched.map((one) => one.whole));
  expect(whole.filter((one, part) => !room.isRight(part, one))).toEqual([]);
  expect(server.mostConnections()).toBe(connections);
  expect(server.bodies).toHaveLength(film.parts.length);
  const [state] = room.all.states();
  expect(state).toMatchObject({
    articles: 1500,
    inFlight: 0,
    corrupt: 0,
    missing: 0,
    failures: 0,
    status: 'ready',
  });
});
