#!/usr/bin/python3
"""Seeds a folder's files by libtorrent, one session an address. Reads one line of JSON:
{"files": path of a file or folder, "torrent": where the .torrent is written, "pieceBytes": n, "peers": [{"host", "port", "uploadBytes"?}], "trackers": []?, "private": bool?}
Says {"infoHash"} in a line when all of them seed; ends when standard input does."""
import json
import os
import sys
import time

import libtorrent as lt


def make_torrent(job):
    storage = lt.file_storage()
    lt.add_files(storage, job["files"])
    maker = lt.create_torrent(storage, job.get("pieceBytes", 0), lt.create_torrent.v1_only)
    for tracker in job.get("trackers", []):
        maker.add_tracker(tracker)
    if job.get("private"):
        maker.set_priv(True)
    lt.set_piece_hashes(maker, os.path.dirname(job["files"]))
    with open(job["torrent"], "wb") as out:
        out.write(lt.bencode(maker.generate()))


def seed(job, peer):
    session = lt.session({
        "listen_interfaces": "%s:%d" % (peer["host"], peer["port"]),
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False,
        "allow_multiple_connections_per_ip": True, "unchoke_slots_limit": -1, "connections_limit": 500,
        "upload_rate_limit": peer.get("uploadBytes", 0), "rate_limit_ip_overhead": False,
        "send_buffer_watermark": 4 * 1024 * 1024, "send_buffer_low_watermark": 512 * 1024,
        "max_allowed_in_request_queue": 2000, "alert_mask": 0,
    })
    session.set_ip_filter(lt.ip_filter())
    handle = session.add_torrent({
        "ti": lt.torrent_info(job["torrent"]), "save_path": os.path.dirname(job["files"]),
        "flags": lt.torrent_flags.seed_mode | lt.torrent_flags.upload_mode,
    })
    handle.resume()
    return session, handle


def main():
    job = json.loads(sys.stdin.readline())
    if not os.path.exists(job["torrent"]):
        make_torrent(job)
    seeds = [seed(job, peer) for peer in job["peers"]]
    for _ in range(200):
        if all(handle.status().is_seeding for _, handle in seeds):
            break
        time.sleep(0.05)
    print(json.dumps({"infoHash": str(lt.torrent_info(job["torrent"]).info_hash())}), flush=True)
    sys.stdin.read()


main()
