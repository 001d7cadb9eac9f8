#!/usr/bin/python3
"""The yardstick of a swarm: downloads one torrent by libtorrent, in order, from given peers.
Reads one line of JSON: {"torrent", "folder", "peers": [{"host", "port"}], "onlyPiece": n or null, "transport": "tcp" | "utp"}.
Says {"firstMs", "seconds", "bytes", "cpuSeconds"}: from adding the torrent to the first piece and to the last wanted byte;
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
is_utp = job.get("transport") == "utp"
session = lt.session({
    "listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "enable_incoming_utp": is_utp, "enable_outgoing_utp": is_utp,
    "enable_incoming_tcp": not is_utp, "enable_outgoing_tcp": not is_utp,
    "allow_multiple_connections_per_ip": True, "connections_limit": 500,
    "alert_mask": lt.alert.category_t.piece_progress_notification | lt.alert.category_t.status_notification,
})
begun = time.monotonic()
handle = session.add_torrent({"ti": info, "save_path": job["folder"], "flags": lt.torrent_flags.sequential_download})
only = job.get("onlyPiece")
if only is not None:
    handle.prioritize_pieces([4 if i == only else 0 for i in range(info.num_pieces())])
    handle.set_piece_deadline(only, 0)
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
            if first is None and (only is None or alert.piece_index == only):
                first = now
            if only is not None and alert.piece_index == only:
                ended = now
        if isinstance(alert, lt.torrent_finished_alert) and only is None:
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
    "bytes": info.total_size() if only is None else info.piece_size(only),
    "cpuSeconds": usage.ru_utime + usage.ru_stime,
    "got": handle.status().total_payload_download,
    "sha256": sha256,
}), flush=True)
