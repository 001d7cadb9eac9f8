#!/usr/bin/python3
"""The yardstick of a swarm: downloads one torrent by libtorrent, in order, from given peers.
Reads one line of JSON: {"torrent", "folder", "peers": [{"host", "port"}], "timeout"?: seconds}; TCP alone.
Says {"firstMs", "seconds", "bytes", "cpuSeconds"}: from adding the torrent to the first piece and to the last byte;
with {"isHashed": true} also {"sha256"} of the one file that came."""
import hashlib
import json
import os
import resource
import sys
import time

import libtorrent as lt

job = json.loads(sys.stdin.readline())
info = lt.torrent_info(job["torrent"])
session = lt.session({
    "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True, "connections_limit": 500,
    "alert_mask": lt.alert.category_t.piece_progress_notification | lt.alert.category_t.status_notification,
})
begun = time.monotonic()
handle = session.add_torrent({"ti": info, "save_path": job["folder"], "flags": lt.torrent_flags.sequential_download})
for peer in job["peers"]:
    handle.connect_peer((peer["host"], peer["port"]))
first = None
ended = None
deadline = begun + job.get("timeout", 120)
while ended is None and time.monotonic() < deadline:
    session.wait_for_alert(50)
    for alert in session.pop_alerts():
        now = time.monotonic()
        if isinstance(alert, lt.piece_finished_alert):
            first = first or now
        if isinstance(alert, lt.torrent_finished_alert):
            ended = now
sha256 = None
if ended is not None and job.get("isHashed"):
    handle.flush_cache()
    while handle.status().state != lt.torrent_status.seeding:
        time.sleep(0.05)
    session.pause()
    time.sleep(0.5)
    with open(os.path.join(job["folder"], info.files().file_path(0)), "rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "firstMs": None if first is None else (first - begun) * 1000,
    "seconds": None if ended is None else ended - begun,
    "bytes": info.total_size(),
    "cpuSeconds": usage.ru_utime + usage.ru_stime,
    "got": handle.status().total_payload_download,
    "sha256": sha256,
}), flush=True)
