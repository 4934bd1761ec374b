//! Keys, records and connection IDs (RFC 9147 §4, §8, §9).

use super::*;

#[test]
fn key_updates_both_ways() {
    for requested in [false, true] {
        let (client, server) = configs();
        let (mut client, mut server) = connected_pair(client, server);
        for round in 0..6 {
            let before = server.seal(b"before");
            client.dtls.update_keys(NOW, requested).unwrap();
            let update = client.flush(NOW);
            assert_eq!(update.len(), 1);
            // Data goes on under the old keys until the ACK is there.
            let meanwhile = client.seal(b"meanwhile");
            update.iter().for_each(|datagram| server.take(NOW, datagram));
            server.take(NOW, &meanwhile);
            exchange(NOW, &mut client, &mut server);
            let after = client.seal(b"after");
            assert_ne!(meanwhile[0] & 3, after[0] & 3, "another epoch");
            server.take(NOW, &after);
            client.take(NOW, &before);
            let answer = server.seal(b"answer");
            assert_eq!(before[0] & 3 != answer[0] & 3, requested);
            client.take(NOW, &answer);
            assert_eq!((server.data.len(), client.data.len()), (2 * (round + 1), 2 * (round + 1)));
        }
    }
    let one = |role| config_of(V12, provider(), role);
    let (mut client, _) = connected_pair(one(Role::Client), one(Role::Server));
    assert_eq!(client.dtls.update_keys(NOW, true), Err(Misuse::NotInThisVersion));
}

#[test]
fn a_lost_key_update_is_sent_again() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    client.dtls.update_keys(NOW, false).unwrap();
    client.flush(NOW);
    let now = client.dtls.poll_timeout().unwrap();
    client.dtls.handle_timeout(now);
    exchange(now, &mut client, &mut server);
    let sealed = client.seal(b"new keys");
    assert_eq!(sealed[0] & 3, 0, "epoch 4");
    server.take(now, &sealed);
    assert_eq!(server.data, [b"new keys"]);
}

#[test]
fn rfc8446_5_5_keys_are_changed_before_they_are_worn_out() {
    let (mut client, server) = configs();
    client.limits.sealed = 40;
    let (mut client, mut server) = connected_pair(client, server);
    for _ in 0..200 {
        let sealed = client.seal(b"data");
        server.take(NOW, &sealed);
        exchange(NOW, &mut client, &mut server);
    }
    assert_eq!(server.data.len(), 200);
    // Without an ACK for the new ones, the limit is the end.
    let sealed = (0..100).take_while(|_| {
        client.flush(NOW);
        let mut packet = Packet::new();
        packet.begin(client.dtls.head_room());
        client.dtls.seal(&mut packet).is_ok()
    });
    assert!(sealed.count() <= 40);
    client.take_events(NOW, &[]);
    assert_eq!(closed(&client), Some(Error::KeyExhausted));
}

#[test]
fn rfc9147_4_5_3_too_many_forgeries_end_the_connection() {
    let (client, mut server) = configs();
    server.limits.forged = 3;
    let (mut client, mut server) = connected_pair(client, server);
    let mut forged = client.seal(b"data");
    *forged.last_mut().unwrap() ^= 1;
    (0..3).for_each(|_| server.take(NOW, &forged));
    assert!(server.dtls.is_connected());
    // New keys are asked for, but the forger does not wait.
    assert_eq!(server.flush(NOW).len(), 1);
    server.take(NOW, &forged);
    assert_eq!(closed(&server), Some(Error::KeyExhausted));
}

#[test]
fn a_record_counts_once_and_junk_never() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    let sealed = client.seal(b"once");
    (0..3).for_each(|_| server.take(NOW, &sealed));
    assert_eq!(server.data, [b"once"]);
    assert_eq!(server.dtls.stats().dropped_replayed, 2);
    let sealed = client.seal(b"data");
    for at in [1, 2, 5, sealed.len() - 1] {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        server.take(NOW, &altered);
    }
    // Another epoch, a connection ID that nobody agreed on, a length beyond the datagram, nothing to sample.
    for junk in [
        &[0x2d, 0, 0, 0, 17][..],
        &[0x3f, 1, 2, 3, 4, 5, 6],
        &[0x2f, 0, 0, 0xff, 0xff],
        &[0x2f, 0, 0, 0, 3, 1, 2, 3],
    ] {
        server.take(NOW, junk);
    }
    // In clear, from anyone: data, an alert, an ACK.
    for (content_type, body) in [
        (ContentType::APPLICATION_DATA, &b"hi"[..]),
        (ContentType::ALERT, &[2, 40]),
        (ContentType::ACK, &[0, 0]),
    ] {
        server.take(NOW, &record(content_type, 70, body));
    }
    assert!(server.dtls.is_connected());
    assert_eq!(server.data.len(), 1);
    server.take(NOW, &sealed);
    assert_eq!(server.data.len(), 2);
}

#[test]
fn closing() {
    let (client, server) = configs();
    let (mut client, mut server) = connected_pair(client, server);
    client.dtls.close(NOW);
    exchange(NOW, &mut client, &mut server);
    assert_eq!(server.last_event(), Some(&Event::PeerClosed));
    assert!(server.dtls.is_closed() && client.dtls.is_closed());
    assert_eq!((client.dtls.poll_timeout(), server.dtls.poll_timeout()), (None, None));
}

#[test]
fn connection_ids_in_both_versions() {
    for version in [V13, V12] {
        for (client_cid, server_cid) in [(&[1u8, 2][..], &[9u8; 20][..]), (&[], &[7; 4]), (&[5], &[])] {
            let one = |role, cid: &[u8]| {
                let mut config = config_of(version, provider(), role);
                config.connection_id = Some(cid.into());
                config
            };
            let (mut client, mut server) =
                connected_pair(one(Role::Client, client_cid), one(Role::Server, server_cid));
            for (from, to, cid) in [(0, 1, server_cid), (1, 0, client_cid)] {
                let ends = [&mut client, &mut server];
                let sealed = ends[from].seal(b"data");
                let at = if version == V13 { 1 } else { 11 };
                assert_eq!(&sealed[at..at + cid.len()], cid);
                assert_eq!(sealed[0] == ContentType::TLS12_CID.0, version == V12 && !cid.is_empty());
                ends[to].take(NOW, &sealed);
                assert_eq!(ends[to].data, [b"data"]);
                if !cid.is_empty() {
                    let mut other = ends[from].seal(b"data");
                    other[at] ^= 1;
                    ends[to].take(NOW, &other);
                    assert_eq!(ends[to].data.len(), 1);
                }
            }
        }
    }
    // Who knows nothing of it is not bothered.
    let (mut client, server) = configs();
    client.connection_id = Some(vec![1]);
    let (mut client, mut server) = connected_pair(client, server);
    let sealed = client.seal(b"data");
    server.take(NOW, &sealed);
    assert_eq!(server.data.len(), 1);
}

#[test]
fn both_sides_log_the_same_keys() {
    let (mut client, mut server) = configs();
    (client.key_log, server.key_log) = (true, true);
    let (mut client, mut server) = connected_pair(client, server);
    let [a, b] = [&mut client, &mut server].map(|peer| {
        let lines =
            std::iter::from_fn(|| peer.dtls.poll_observation()).filter_map(|observation| match observation {
                Observation::KeyLog(line) => Some(line),
                _ => None,
            });
        lines.collect::<Vec<_>>()
    });
    assert_eq!(a, b);
    let labels: Vec<_> = a.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        labels,
        [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "SERVER_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET"
        ]
    );
    assert!(a.iter().all(|line| line.split(' ').map(str::len).skip(1).eq([64, 64])));
}
