import { connect as connectTcp, type LookupFunction } from 'node:net';
import { connect as connectTls } from 'node:tls';
import nock from 'nock';
import { createNet, type Net } from '../../src/platform/net.ts';

/**
 * The way out for tests of outside JSON APIs, which nock answers at `Socket.connect`. Its sockets say they are connected before they have an
 * address, and the guarded dialer hangs up on such; so these are dialled without the guard, and every name is this machine: no name server
 * is asked, and what no nock expects stays here. The guard itself is tested with real sockets (`test/http/json-api-guard.test.ts`).
 */
export function outsideNet(): Net {
  nock.disableNetConnect();
  const net = createNet({ mode: 'listed', allow: [], ownPorts: () => new Set() });
  return {
    ...net,
    async dial({ host, port, isTls, servername = host }) {
      const where = { host, port, lookup: thisMachine };
      return isTls ? connectTls({ ...where, servername }) : connectTcp(where);
    },
  };
}

const thisMachine: LookupFunction = (_host, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** Node's sockets as they were; for `afterAll`. */
export function endOutside(): void {
  nock.abortPendingRequests();
  nock.cleanAll();
  nock.enableNetConnect();
  nock.restore();
}
