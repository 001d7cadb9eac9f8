#!/bin/sh
# Installs the real programs the real tests play, browse and store with. Debian, as root.
#   sh scripts/real-parts.sh            installs what is missing; nothing to do takes well under a second
#   sh scripts/real-parts.sh --missing  only prints the missing packages, one a line; exit 1 when there are any
set -eu

# One package a line, then what the tests want it for.
PARTS='
ffmpeg           makes test clips; ffprobe and ffmpeg read a play link; the media tools of the product
chromium         the browser of the web UI and of Stremio Web
fonts-dejavu-core  letters instead of boxes on screenshots
nginx-light      origins, and the yardstick of the byte path
lighttpd         listings of its kind
lighttpd-mod-webdav  WebDAV
caddy            listings of its kind
apache2-bin      listings of its kind, and WebDAV; starts nothing by itself
mpv              a player
vlc-bin          a player, driven without a screen
vlc-plugin-base  demuxers, decoders and the remote control of vlc-bin
curl             a plain range client
redis-server     the cache of many instances
docker-compose   reads docker/*.yaml without an engine
tini             the init of the image
haproxy          the balancer of many instances
openssl          makes certificates
socat            bends connections between parts
procps           ps, for left-over processes
opentracker      a tracker, by HTTP and UDP
transmission-daemon  a BitTorrent seed
python3-libtorrent  seeds and the yardstick of a swarm
aria2            a BitTorrent seed, and the second yardstick
inn2             a news server: NNTP, TLS, logins
inn2-inews       its settings; installed before it
msmtp-mta        the mail program it asks for; without one named here it would be exim, a daemon
cron             it asks for that too
nzbget           a downloader, which reads what was posted
unar             reads RAR archives
7zip             writes 7z archives
par2             writes recovery files
libwrap0         vsftpd is linked against it
libsodium23      pure-ftpd is linked against it
g++              builds nyuu
make             builds nyuu
python3          builds nyuu
'

# A poster, from the npm registry: it lies outside of the project and runs with the Node it was built for.
NYUU=/usr/local/lib/tributary-real-parts
NYUU_PACKAGES='nyuu@0.4.0 yencode@1.2.4'

# FTP servers and a client: the packages of the two servers exclude each other, and neither is to run by itself. Only unpacked.
FTP=/usr/local/lib/tributary-real-parts-ftp
FTP_PACKAGES='vsftpd pure-ftpd pure-ftpd-common lftp'

say() { printf 'real-parts: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
  fail 'this machine is not Debian; install by hand what tests of real parts need:' \
    "$(printf '%s\n' "$PARTS" | awk 'NF { printf "%s ", $1 }')"

packages=$(printf '%s\n' "$PARTS" | awk 'NF { print $1 }')
# One dpkg-query for all: it exits 1 for names it never heard of, which is no fault here.
# shellcheck disable=SC2086
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $packages 2>/dev/null | awk '$1 == "installed" { print $2 }' || true)
missing=$(printf '%s\n' "$packages" | { grep -vxF "$installed" || true; })

# The launcher is written last: where it is, all of it is.
nyuu=
[ "$(sed -n '2s/^# //p' "$NYUU/nyuu" 2>/dev/null)" = "$NYUU_PACKAGES" ] || nyuu=nyuu

ftp=
[ -e "$FTP/usr/bin/lftp" ] && [ -e "$FTP/usr/sbin/vsftpd" ] && [ -e "$FTP/usr/sbin/pure-ftpd" ] || ftp=ftp-servers

if [ "${1:-}" = --missing ]; then
  [ -n "$missing$nyuu$ftp" ] || exit 0
  printf '%s\n' "$missing" "$nyuu" "$ftp" | awk 'NF'
  exit 1
fi
[ $# -eq 0 ] || fail "unknown option $1; there is only --missing"
[ -n "$missing$nyuu$ftp" ] || exit 0

list=$(printf '%s' "$missing" | tr '\n' ' ')
say "missing: $list${nyuu:+ $nyuu}${ftp:+ $ftp}"
[ "$(id -u)" -eq 0 ] || fail "installing needs root; run: sudo sh $0"

# Builds nyuu's native yEnc. Under `npm run` the project's own Node comes first: passed over, its headers are nowhere.
build_nyuu() {
  PATH=$(printf '%s' "$PATH" | tr ':' '\n' | { grep -v 'node_modules' || true; } | paste -sd: -)
  export PATH
  command -v npm >/dev/null || fail 'npm is missing; nyuu comes from its registry'
  # Settings of an `npm run` around this are about the project.
  unset $(env | sed -n 's/^\(npm_[A-Za-z0-9_]*\)=.*/\1/p')
  rm -rf "$NYUU"
  mkdir -p "$NYUU"
  printf '{"private":true}\n' >"$NYUU/package.json"
  install="npm install --prefix $NYUU --no-audit --no-fund --loglevel=error"
  node=$(node -p process.execPath)
  # node-gyp would fetch what is not beside the program from nodejs.org; a package of the registry has it too.
  headers=$(node -p 'require("node:path").join(process.execPath, "../..")')
  if [ ! -e "$headers/include/node/node.h" ]; then
    release=$(node -p '`node-${process.platform}-${process.arch}@${process.versions.node}`')
    $install --ignore-scripts "$release" >&2 || fail "npm could not install $release, for its headers"
    headers=$NYUU/node_modules/${release%@*}
  fi
  # shellcheck disable=SC2086
  $install --ignore-scripts $NYUU_PACKAGES >&2 || fail "npm could not install: $NYUU_PACKAGES"
  npm_config_nodedir=$headers npm rebuild --prefix "$NYUU" --ignore-scripts=false --loglevel=error yencode >&2 ||
    fail 'the native part of nyuu could not be built'
  program="\"$node\" $NYUU/node_modules/nyuu/bin/nyuu.js"
  (cd "$NYUU" && "$node" -e 'require("yencode").encode(Buffer.from("x"))') || fail 'nyuu was built and does not run'
  printf '#!/bin/sh\n# %s\nexec %s "$@"\n' "$NYUU_PACKAGES" "$program" >"$NYUU/launcher"
  chmod 755 "$NYUU/launcher"
  mv "$NYUU/launcher" "$NYUU/nyuu"
  say 'installed: nyuu'
}

# What they are linked against comes with the packages above.
unpack_ftp() {
  rm -rf "$FTP" "$FTP.new"
  mkdir -p "$FTP.new/debs"
  # shellcheck disable=SC2086
  (cd "$FTP.new/debs" && apt-get -q -o Acquire::Retries=3 download $FTP_PACKAGES >&2) || fail "apt-get could not download: $FTP_PACKAGES"
  for deb in "$FTP.new"/debs/*.deb; do dpkg -x "$deb" "$FTP.new"; done
  rm -rf "$FTP.new/debs"
  mv "$FTP.new" "$FTP"
  for program in usr/sbin/vsftpd usr/sbin/pure-ftpd usr/bin/lftp; do
    ldd "$FTP/$program" | grep -q 'not found' && fail "$program lacks a library: $(ldd "$FTP/$program" | grep 'not found')"
  done
  say "unpacked: $FTP_PACKAGES"
}

if [ -z "$missing" ]; then
  [ -z "$nyuu" ] || build_nyuu
  [ -z "$ftp" ] || unpack_ftp
  exit 0
fi

# invoke-rc.d and deb-systemd-invoke ask this file: 101 means "start nothing", so no daemon takes a port here.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  # Remove only a file that is still ours: another installation may have put its own there meanwhile.
  mine="#!/bin/sh
# written by real-parts.sh ($$)
exit 101"
  restore() { if [ "$(cat "$policy" 2>/dev/null)" = "$mine" ]; then rm -f "$policy"; fi; }
  trap restore EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  printf '%s\n' "$mine" >"$policy"
  chmod 755 "$policy"
else
  say "$policy is already there and stays as it is"
fi

export DEBIAN_FRONTEND=noninteractive
apt="apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0"

# INN fails to install, and every apt-get after it, on a machine whose name has no domain; its settings come in inn2-inews.
name_domain() {
  [ ! -e /etc/news/inn.conf ] || grep -q '^domain:' /etc/news/inn.conf || echo 'domain: test.invalid' >>/etc/news/inn.conf
}

# A dead third-party list must not stop us; what it takes away shows at the installation.
$apt update >&2 || say 'apt-get update failed in part; going on with the lists there are'
name_domain
first=$(printf '%s\n' "$missing" | { grep -vx inn2 || true; } | tr '\n' ' ')
# shellcheck disable=SC2086
[ -z "$first" ] || $apt install --no-install-recommends $first >&2 || fail "apt-get could not install: $first"
if [ "$first" != "$list" ]; then
  name_domain
  $apt install --no-install-recommends inn2 >&2 || fail 'apt-get could not install: inn2'
fi
say "installed: $list"
[ -z "$nyuu" ] || build_nyuu
[ -z "$ftp" ] || unpack_ftp
