/** Everything INN reads and writes lies below `root`, so that any number of them run side by side. */
export type InnSettings = { root: string; host: string; plain: number; user: string; passwordHash: string };

const BIN = '/usr/lib/news/bin';
/** What the tests post to. */
export const GROUP = 'alt.binaries.test';
export const FOLDERS = [
  ...['etc', 'db', 'log', 'run', 'tmp', 'spool', 'spool/articles', 'spool/overview', 'spool/incoming'],
  ...['spool/incoming/tmp', 'spool/incoming/bad', 'spool/outgoing', 'spool/archive', 'spool/innfeed'],
];

/** The files of `etc` (inn.conf(5) and those it names) and their content. */
export function settingsFiles(settings: InnSettings): Readonly<Record<string, string>> {
  const { root, user, passwordHash } = settings;
  return {
    'inn.conf': innConf(settings),
    'storage.conf': 'method tradspool {\n    newsgroups: *\n    class: 0\n}\n',
    'readers.conf': readers('default: "<lo>"', '<lo>'),
    'readers-auth.conf': readers(`auth: "ckpasswd -f ${root}/etc/passwd"`, user),
    passwd: `${user}:${passwordHash}\n`,
    newsfeeds: 'ME:!*::\n',
    'expire.ctl': '/remember/:0\n*:A:never:never:never\n',
    // No peers: innd hands every client to nnrpd, without MODE READER.
    'incoming.conf': '',
    ...{ moderators: '', 'control.ctl': '', 'distrib.pats': '', 'inn-secrets.conf': '' },
    ...{ 'passwd.nntp': '', localgroups: '' },
  };
}

/** A database without articles. */
export function emptyDatabase(): Readonly<Record<string, string>> {
  const groups = ['control', 'control.cancel', 'junk'].map((name) => `${name} 0000000000 0000000001 n\n`);
  const active = `${groups.join('')}${GROUP} 0000000000 0000000001 y\n`;
  return { active, newsgroups: '', 'active.times': '', history: '' };
}

function readers(how: string, user: string): string {
  return `auth "loopback" {
    hosts: "127.0.0.0/8, ::1, stdin, localhost"
    ${how}
}
access "loopback" {
    users: "${user}"
    newsgroups: "*"
    access: RPA
}
`;
}

function innConf({ root, host, plain }: InnSettings): string {
  const paths = {
    ...{ pathnews: '/usr/lib/news', pathbin: BIN, pathcontrol: `${BIN}/control`, pathfilter: `${root}/etc` },
    ...{ pathetc: `${root}/etc`, pathdb: `${root}/db`, pathlog: `${root}/log`, pathrun: `${root}/run` },
    ...{ pathtmp: `${root}/tmp`, pathspool: `${root}/spool`, patharticles: `${root}/spool/articles` },
    ...{ patharchive: `${root}/spool/archive`, pathincoming: `${root}/spool/incoming` },
    ...{ pathoutgoing: `${root}/spool/outgoing`, pathoverview: `${root}/spool/overview` },
    ...{ pathhttp: `${root}/log`, tlscertfile: `${root}/etc/cert.pem`, tlskeyfile: `${root}/etc/key.pem` },
  };
  const how = {
    ...{ mta: '/bin/true', organization: 'test', ovmethod: 'tradindexed', hismethod: 'hisv6' },
    ...{
      pathhost: 'news.test.invalid',
      domain: 'test.invalid',
      server: host,
      bindaddress: host,
      port: plain,
    },
    // 0 is no limit: the default of 1 MB is less than an article of 1 MB in yEnc.
    ...{ maxartsize: 0, localmaxartsize: 0, artcutoff: 0, maxconnections: 200, nnrpdloadlimit: 0 },
    ...{ doinnwatch: false, pgpverify: false, enableoverview: true, wireformat: true, backoffauth: false },
    ...{ initialtimeout: 60, clienttimeout: 600, rlimitnofile: -1, hiscachesize: 1024 },
  };
  const quoted = (value: string | number | boolean) => (typeof value === 'string' ? `"${value}"` : value);
  return Object.entries({ ...how, ...paths })
    .map(([name, value]) => `${name}: ${quoted(value)}\n`)
    .join('');
}
