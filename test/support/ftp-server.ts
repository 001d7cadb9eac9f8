import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { FtpBehaviour, FtpServer } from './ftp-behaviour.ts';

export type { FtpServer };
export type FtpFiles = ReadonlyMap<string, Buffer>;
type Tls = { key: string; cert: string; mode: 'explicit' | 'implicit' };

const MODIFIED = '20260102030405';

/** An FTP server on 127.0.0.1 that does what it is told to do wrong; names are bytes, one character each. */
export async function startFtpServer(files: FtpFiles, tls?: Tls): Promise<FtpServer> {
  const behaviour: FtpBehaviour = {
    ...{
      refuse: {},
      mute: new Set<string>(),
      cutAfter: Number.POSITIVE_INFINITY,
      cutCode: 426,
      stallAfter: Number.POSITIVE_INFINITY,
    },
    ...{
      greeting: 'Hello',
      losesData: false,
      isDeadAfterCut: false,
      busyLogins: 0,
      fullLogins: 0,
      pasvHost: '127,0,0,1',
      size: null,
    },
    ...{ features: ['REST STREAM', 'SIZE', 'MDTM', 'UTF8', 'EPSV'], abor: 'usual', listing: new Map() },
  };
  const sockets = new Set<Socket>();
  const onControl = (raw: Socket) => {
    sockets.add(raw);
    served.open += 1;
    raw.on('error', () => {});
    raw.on('close', () => {
      sockets.delete(raw);
      served.open -= 1;
    });
    const isImplicit = tls?.mode === 'implicit';
    if (isImplicit && behaviour.mute.has('handshake')) {
      raw.resume();
      return;
    }
    const socket = isImplicit ? secured(raw, tls) : raw;
    new Conversation(socket, { files, behaviour, served, sockets, tls }).begin();
  };
  const control = createServer(onControl);
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  const served: FtpServer = {
    ...{ port: portOf(control), behaviour, commands: [], writes: [], logins: 0 },
    ...{ waiting: new Set(), open: 0, sentBytes: 0 },
    async stop() {
      control.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return served;
}

type Room = {
  files: FtpFiles;
  behaviour: FtpBehaviour;
  served: FtpServer;
  sockets: Set<Socket>;
  tls: Tls | undefined;
};

class Conversation {
  #socket: Socket;
  readonly #room: Room;
  #text = '';
  #offset = 0;
  #folder = '/';
  #isProtected = false;
  #listener: Server | null = null;
  #data: Promise<Socket> | null = null;
  #sending: { stop: boolean; socket: Socket } | null = null;

  constructor(socket: Socket, room: Room) {
    this.#socket = socket;
    this.#room = room;
  }

  begin(): void {
    const { behaviour } = this.#room;
    this.#listen();
    if (behaviour.busyLogins > 0) {
      behaviour.busyLogins -= 1;
      this.#say(421, 'Too many');
      this.#socket.end();
    } else if (!behaviour.mute.has('greeting')) this.#say(220, behaviour.greeting);
  }

  #listen(): void {
    this.#socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1');
      this.#room.served.writes.push(chunk.toString('latin1'));
      const lines = this.#text.split('\r\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) void this.#on(line);
    });
    this.#socket.on('close', () => this.#listener?.close());
  }

  #say(code: number, text: string): void {
    this.#socket.write(`${code} ${text}\r\n`, 'latin1');
  }

  async #on(line: string): Promise<void> {
    const { behaviour, served } = this.#room;
    served.commands.push(line);
    const [, name = '', argument = ''] = /^([A-Za-z]+) ?(.*)$/s.exec(line) ?? [];
    const command = name.toUpperCase();
    if (behaviour.mute.has(command)) return;
    const refusal = behaviour.refuse[command];
    if (refusal !== undefined) this.#say(refusal, 'No');
    else await this.#answer(command, argument);
  }

  async #answer(command: string, argument: string): Promise<void> {
    const { behaviour, files } = this.#room;
    switch (command) {
      case 'USER':
        return this.#say(331, 'Password?');
      case 'PASS':
        return this.#login();
      case 'FEAT':
        this.#socket.write(
          `211-Features:\r\n${behaviour.features.map((name) => ` ${name}\r\n`).join('')}211 End\r\n`,
        );
        return;
      case 'AUTH':
        this.#say(234, 'TLS');
        return this.#secure();
      case 'PWD':
        return this.#say(257, '"/" is here');
      case 'CWD':
        this.#folder = argument;
        return this.#say(behaviour.listing.has(argument) ? 250 : 550, 'Folder');
      case 'PROT':
        this.#isProtected = true;
        return this.#say(200, 'Ok');
      case 'SIZE': {
        const file = files.get(argument);
        return file === undefined
          ? this.#say(550, 'No file')
          : this.#say(213, String(behaviour.size ?? file.length));
      }
      case 'MDTM':
        return this.#say(213, MODIFIED);
      case 'REST':
        this.#offset = Number(argument);
        return this.#say(350, 'Restart');
      case 'EPSV':
        return this.#say(229, `Here (|||${await this.#passive()}|)`);
      case 'PASV': {
        const port = await this.#passive();
        return this.#say(227, `Here (${behaviour.pasvHost},${port >> 8},${port & 255}).`);
      }
      case 'RETR': {
        const file = files.get(argument);
        const from = this.#offset;
        this.#offset = 0;
        return file === undefined ? this.#say(550, 'No file') : await this.#send(file.subarray(from));
      }
      case 'LIST':
      case 'MLSD': {
        const lines = behaviour.listing.get(argument === '' ? this.#folder : argument) ?? [];
        return await this.#send(Buffer.from(lines.map((entry) => `${entry}\r\n`).join(''), 'latin1'));
      }
      case 'ABOR':
        return this.#abort();
      case 'QUIT':
        this.#say(221, 'Bye');
        this.#socket.end();
        return;
      default:
        return this.#say(200, 'Ok');
    }
  }

  #login(): void {
    const { behaviour, served } = this.#room;
    if (behaviour.fullLogins > 0) {
      behaviour.fullLogins -= 1;
      this.#say(530, 'Sorry, the maximum number of clients (1) for this user are already connected.');
      return;
    }
    served.logins += 1;
    this.#say(230, 'In');
  }

  #secure(): void {
    const { tls, sockets } = this.#room;
    if (tls === undefined) return;
    this.#socket.removeAllListeners('data');
    if (this.#room.behaviour.mute.has('handshake')) return;
    const secure = secured(this.#socket, tls);
    sockets.add(secure);
    this.#socket = secure;
    this.#listen();
  }

  async #passive(): Promise<number> {
    const { sockets, tls, served } = this.#room;
    this.#listener?.close();
    const { promise, resolve } = Promise.withResolvers<Socket>();
    const onSocket = (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      served.waiting.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        served.waiting.delete(socket);
      });
      resolve(socket);
    };
    const listener =
      tls !== undefined && this.#isProtected
        ? createTlsServer({ key: tls.key, cert: tls.cert }, onSocket).on('tlsClientError', () => {})
        : createServer(onSocket);
    this.#listener = listener;
    this.#data = promise;
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return portOf(listener);
  }

  async #send(bytes: Buffer): Promise<void> {
    const { behaviour, served } = this.#room;
    if (behaviour.losesData) {
      behaviour.losesData = false;
      return this.#say(425, 'No connection');
    }
    this.#say(150, 'Coming');
    const socket = await this.#data;
    if (socket === null) return this.#say(425, 'No connection');
    this.#listener?.close();
    served.waiting.delete(socket);
    const sending = { stop: false, socket };
    this.#sending = sending;
    const most = behaviour.cutAfter;
    const end = Math.min(bytes.length, most, behaviour.stallAfter);
    if (behaviour.mute.has('bytes')) return;
    await this.#write(sending, bytes.subarray(0, end));
    if (sending.stop || end === behaviour.stallAfter) return;
    this.#sending = null;
    const isWhole = end === bytes.length;
    if (!isWhole && behaviour.isDeadAfterCut)
      Object.assign(behaviour.refuse, { RETR: 451, EPSV: 451, PASV: 451 });
    socket.end();
    // As real servers do: the word on it may come before the last byte is read.
    if (isWhole) return this.#say(socket.destroyed ? 426 : 226, 'Done');
    await sleep(5);
    if (behaviour.cutCode !== null) this.#say(behaviour.cutCode, 'Cut');
  }

  async #write(sending: { stop: boolean; socket: Socket }, bytes: Buffer): Promise<void> {
    const { socket } = sending;
    for (let at = 0; at < bytes.length && !sending.stop && !socket.destroyed; at += 65_536) {
      const piece = bytes.subarray(at, at + 65_536);
      this.#room.served.sentBytes += piece.length;
      if (socket.write(piece)) continue;
      const isOver = new AbortController();
      const { signal } = isOver;
      await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(
        () => {},
      );
      isOver.abort();
    }
  }

  #abort(): void {
    if (this.#room.behaviour.abor === 'none') return;
    if (this.#sending !== null) {
      this.#sending.stop = true;
      this.#sending.socket.destroy();
      this.#sending = null;
      this.#say(426, 'Cut');
    }
    this.#say(225, 'Aborted');
  }
}

function secured(raw: Socket, tls: Tls): TLSSocket {
  const secure = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext(tls) });
  return secure.on('error', () => {});
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}
