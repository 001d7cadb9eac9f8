/** It ships no types. Only what the tests use. */
declare module 'bittorrent-tracker/server' {
  import type { EventEmitter } from 'node:events';
  import type { AddressInfo } from 'node:net';

  type Listening = { address(): AddressInfo };

  export default class Server extends EventEmitter {
    constructor(options: { http: boolean; udp: boolean; ws: boolean; stats: boolean; trustProxy: boolean });
    readonly http: Listening;
    readonly udp: Listening;
    listen(port: number, hostname: { http: string; udp: string; udp6: string }): void;
    close(closed: () => void): void;
  }
}
