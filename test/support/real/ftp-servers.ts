import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, openTempDir, startProcess } from '../processes.ts';

/** Where scripts/real-parts.sh unpacks them: the packages of the two servers cannot be installed together. */
export const REAL_FTP_PARTS = '/usr/local/lib/tributary-real-parts-ftp/usr';
/** Anonymous visitors are this user of Debian's, whose home is a folder that exists. */
const VISITOR = 'daemon';
const VISITOR_ID = 1;

export type RealFtpServer = AsyncDisposable & {
  port: number;
  /** What it said of logins and commands. */
  log(): Promise<string>;
  stop(): Promise<void>;
};

/** `root` must be readable by all and writable by nobody but root. */
export type VsftpdOptions = {
  root: string;
  tls?: { certFile: string; keyFile: string; isImplicit?: boolean };
};

/** Debian's vsftpd for anonymous visitors on 127.0.0.1: no MLSD, LIST without years. With TLS it takes resumed data connections only. */
export async function startVsftpd({ root, tls }: VsftpdOptions): Promise<RealFtpServer> {
  const folder = await openTempDir();
  await chmod(folder.path, 0o755);
  const empty = join(folder.path, 'empty');
  await mkdir(empty, { mode: 0o755 });
  const [port, log, config] = [await freePort(), join(folder.path, 'log'), join(folder.path, 'vsftpd.conf')];
  await writeFile(
    config,
    [
      ...['listen=YES', 'listen_ipv6=NO', 'background=NO', 'listen_address=127.0.0.1', `listen_port=${port}`],
      ...['anonymous_enable=YES', 'local_enable=NO', 'no_anon_password=YES', `anon_root=${root}`],
      ...[`ftp_username=${VISITOR}`, 'nopriv_user=nobody', `secure_chroot_dir=${empty}`],
      ...['pasv_address=127.0.0.1', 'pasv_min_port=20000', 'pasv_max_port=29999', 'max_per_ip=0'],
      ...['seccomp_sandbox=NO', 'isolate_network=NO', 'isolate=NO'],
      ...['xferlog_enable=YES', 'log_ftp_protocol=YES', `vsftpd_log_file=${log}`],
      ...(tls === undefined
        ? []
        : [
            ...[
              'ssl_enable=YES',
              'allow_anon_ssl=YES',
              'force_anon_logins_ssl=YES',
              'force_anon_data_ssl=YES',
            ],
            ...[`rsa_cert_file=${tls.certFile}`, `rsa_private_key_file=${tls.keyFile}`, 'ssl_ciphers=HIGH'],
            ...['require_ssl_reuse=YES', `implicit_ssl=${tls.isImplicit === true ? 'YES' : 'NO'}`],
          ]),
      '',
    ].join('\n'),
  );
  const running = await startProcess({
    command: `${REAL_FTP_PARTS}/sbin/vsftpd`,
    args: [config],
    readyWhen: () => answers(port),
    stopTimeoutMs: 2000,
  });
  return server(
    port,
    () => readFile(log, 'utf8').catch(() => ''),
    async () => {
      await running.stop();
      await folder.remove();
    },
  );
}

export const PURE_LOGIN = { username: 'viewer', password: 'a word' };

/** Debian's pure-ftpd for `PURE_LOGIN`: MLSD, and a LIST that finds nothing where its path holds a space. */
export async function startPureFtpd({ root }: { root: string }): Promise<RealFtpServer> {
  const folder = await openTempDir();
  const users = join(folder.path, 'users');
  const { username, password } = PURE_LOGIN;
  // Its own hash takes seconds a login, on purpose.
  const hash = execFileSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).trim();
  await writeFile(users, `${username}:${hash}:${VISITOR_ID}:${VISITOR_ID}::${root}/./::::::::::::\n`);
  execFileSync(`${REAL_FTP_PARTS}/bin/pure-pw`, ['mkdb', `${users}.pdb`, '-f', users]);
  const [port, from] = [await freePort(), 30_000];
  const running = await startProcess({
    command: `${REAL_FTP_PARTS}/sbin/pure-ftpd`,
    args: [
      ...[
        '-S',
        `127.0.0.1,${port}`,
        '-p',
        `${from}:${from + 999}`,
        '-E',
        '-l',
        `puredb:${users}.pdb`,
        '-A',
        '-H',
        '-4',
      ],
      ...['-C', '100', '-c', '200', '-L', '50000:10', '-g', join(folder.path, 'pid'), '-u', '1'],
    ],
    readyWhen: () => answers(port),
    stopTimeoutMs: 2000,
  });
  return server(
    port,
    async () => running.output(),
    async () => {
      await running.stop();
      await folder.remove();
    },
  );
}

function server(port: number, log: () => Promise<string>, stop: () => Promise<void>): RealFtpServer {
  return { port, log, stop, [Symbol.asyncDispose]: stop };
}

/** How often somebody has logged in. */
export async function loginsOf({ log }: Pick<RealFtpServer, 'log'>): Promise<number> {
  return (await log()).split('OK LOGIN').length - 1;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => resolve(true));
    socket.once('error', () => resolve(false));
    // A server of implicit TLS says nothing before it is spoken to.
    socket.setTimeout(500, () => resolve(!socket.connecting));
    socket.once('close', () => resolve(false));
  }).then((isUp) => isUp === true);
}
