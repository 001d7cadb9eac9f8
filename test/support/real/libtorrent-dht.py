#!/usr/bin/python3
"""Nodes of a DHT of their own by libtorrent, one session an address, each of the first ones with a file. Reads one line of JSON:
{"files": paths, "nodes": [{"host", "port"}]}
Says {"infoHashes"} in a line when the files can be found in the DHT; then for each info hash it reads {"peers"}, those that its last
node finds. Ends when standard input does."""
import json
import os
import sys
import time

import libtorrent as lt


def start(node):
    session = lt.session({
        "listen_interfaces": "%s:%d" % (node["host"], node["port"]),
        # Its own list of first nodes is the internet's.
        "enable_dht": True, "dht_bootstrap_nodes": "",
        "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False, "dht_ignore_dark_internet": False,
        "dht_prefer_verified_node_ids": False, "dht_enforce_node_id": False,
        "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False,
        "allow_multiple_connections_per_ip": True, "unchoke_slots_limit": -1,
        "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification,
    })
    session.set_ip_filter(lt.ip_filter())
    return session


def torrent_of(path):
    storage = lt.file_storage()
    lt.add_files(storage, path)
    maker = lt.create_torrent(storage, 128 * 1024, lt.create_torrent.v1_only)
    lt.set_piece_hashes(maker, os.path.dirname(path))
    return lt.torrent_info(maker.generate())


def peers_found(session, info_hash, seconds):
    session.dht_get_peers(info_hash)
    found = set()
    end = time.time() + seconds
    while time.time() < end:
        for alert in session.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                found.update("%s:%d" % peer for peer in alert.peers())
        time.sleep(0.1)
    return sorted(found)


def main():
    job = json.loads(sys.stdin.readline())
    nodes = [start(node) for node in job["nodes"]]
    for session in nodes:
        for other in job["nodes"]:
            session.add_dht_node((other["host"], other["port"]))
    infos = [torrent_of(path) for path in job["files"]]
    handles = [session.add_torrent({
        "ti": info, "save_path": os.path.dirname(path), "flags": lt.torrent_flags.seed_mode,
    }) for session, info, path in zip(nodes, infos, job["files"])]
    for handle, info in zip(handles, infos):
        for _ in range(60):
            handle.force_dht_announce()
            if peers_found(nodes[-1], info.info_hash(), 0.5):
                break
        else:
            raise SystemExit("the DHT does not know a seed")
    print(json.dumps({"infoHashes": [str(info.info_hash()) for info in infos]}), flush=True)
    for line in sys.stdin:
        info_hash = lt.sha1_hash(bytes.fromhex(line.strip()))
        print(json.dumps({"peers": peers_found(nodes[-1], info_hash, 1)}), flush=True)


main()
