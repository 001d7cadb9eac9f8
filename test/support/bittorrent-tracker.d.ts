/** The package brings no types; this is what the tests use of its server. */
declare module 'bittorrent-tracker/server' {
  import type { Socket } from 'node:dgram';
  import type { EventEmitter } from 'node:events';
  import type { Server as HttpServer } from 'node:http';

  type Filter = (
    infoHash: string,
    params: { type: string; event?: string },
    callback: (error: Error | null) => void,
  ) => void;

  export default class Server extends EventEmitter {
    constructor(options: {
      udp: boolean;
      http: boolean;
      ws: boolean;
      stats: boolean;
      interval?: number;
      filter?: Filter;
    });
    readonly http: HttpServer;
    readonly udp4: Socket;
    readonly udp6: Socket;
    listen(port: number | Record<string, number>, hostname: string | Record<string, string>): void;
    close(callback: () => void): void;
  }
}
