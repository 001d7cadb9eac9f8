import { once } from 'node:events';
import express from 'express';
import { expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { createLog } from '../../src/platform/log.ts';
import { reportErrors } from '../../src/platform/problem.ts';

test('an error carries no ETag: a player would take it for the film’s and fail its next seek', async () => {
  const app = express();
  app.get('/film', () => {
    throw new AppError('play.range', 'No such range.', {
      status: 416,
      headers: { 'Content-Range': 'bytes */10' },
    });
  });
  app.use(reportErrors(createLog('silent')));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  for (const method of ['GET', 'HEAD']) {
    const answer = await fetch(`http://127.0.0.1:${address.port}/film`, { method });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('etag')).toBeNull();
    expect(answer.headers.get('content-range')).toBe('bytes */10');
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect((await answer.text()).length > 0).toBe(method === 'GET');
  }
  server.close();
});
