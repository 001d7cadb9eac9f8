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
7zip             writes and reads 7z and zip archives
unar             reads what the tests write as RAR
'

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

if [ "${1:-}" = --missing ]; then
  [ -z "$missing" ] || { printf '%s\n' "$missing"; exit 1; }
  exit 0
fi
[ $# -eq 0 ] || fail "unknown option $1; there is only --missing"
[ -n "$missing" ] || exit 0

list=$(printf '%s' "$missing" | tr '\n' ' ')
say "missing: $list"
[ "$(id -u)" -eq 0 ] ||
  fail "installing needs root; run: sudo apt-get install --no-install-recommends $list"

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
# A dead third-party list must not stop us; what it takes away shows at the installation.
$apt update >&2 || say 'apt-get update failed in part; going on with the lists there are'
# shellcheck disable=SC2086
$apt install --no-install-recommends $list >&2 || fail "apt-get could not install: $list"
say "installed: $list"
