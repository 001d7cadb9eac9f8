#!/usr/bin/python3
"""Seeds a folder's files by libtorrent, one session an address. Reads one line of JSON:
{"files": path of a file or folder, "torrent": where the .torrent is written, "pieceBytes": n, "copies": n, "peers": [{"host", "port", "uploadBytes"?}], "trackers": []?, "webSeeds": []?, "transport": "tcp" | "utp" | "both"}
Copies are torrents of the same files with other info hashes, written to torrent.1, torrent.2 and so on: nobody has anything of a new one.
Says {"infoHashes"} in a line when all of them seed; ends when standard input does."""
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
    for url in job.get("webSeeds", []):
        maker.add_url_seed(url)
    lt.set_piece_hashes(maker, os.path.dirname(job["files"]))
    made = maker.generate()
    for number, path in enumerate(paths(job)):
        if number > 0:
            made[b"info"][b"source"] = os.path.basename(path)
        with open(path, "wb") as out:
            out.write(lt.bencode(made))


def paths(job):
    return [job["torrent"]] + ["%s.%d" % (job["torrent"], n) for n in range(1, job.get("copies", 0) + 1)]


def transport(job):
    tcp, utp = [job.get("transport", "tcp") in (one, "both") for one in ("tcp", "utp")]
    return {"enable_incoming_tcp": tcp, "enable_outgoing_tcp": tcp, "enable_incoming_utp": utp, "enable_outgoing_utp": utp}


def seed(job, peer):
    session = lt.session({
        "listen_interfaces": "%s:%d" % (peer["host"], peer["port"]),
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        **transport(job),
        "allow_multiple_connections_per_ip": True, "unchoke_slots_limit": -1, "connections_limit": 500,
        "upload_rate_limit": peer.get("uploadBytes", 0), "rate_limit_ip_overhead": False,
        "send_buffer_watermark": 4 * 1024 * 1024, "send_buffer_low_watermark": 512 * 1024,
        "max_allowed_in_request_queue": 2000, "alert_mask": 0,
    })
    session.set_ip_filter(lt.ip_filter())
    handles = [session.add_torrent({
        "ti": lt.torrent_info(path), "save_path": os.path.dirname(job["files"]),
        "flags": lt.torrent_flags.seed_mode | lt.torrent_flags.upload_mode,
    }) for path in paths(job)]
    return session, handles


def main():
    job = json.loads(sys.stdin.readline())
    if not os.path.exists(job["torrent"]):
        make_torrent(job)
    seeds = [seed(job, peer) for peer in job["peers"]]
    for _ in range(200):
        if all(handle.status().is_seeding for _, handles in seeds for handle in handles):
            break
        time.sleep(0.05)
    print(json.dumps({"infoHashes": [str(lt.torrent_info(path).info_hash()) for path in paths(job)]}), flush=True)
    sys.stdin.read()


main()
