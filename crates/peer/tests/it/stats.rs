//! `get_stats` under the names of webrtc-stats.

use crate::harness::{Pair, ms};
use crate::puppet::{self, Puppet};
use serde_json::Value;
use siskin_netsim::Link;
use siskin_peer::{MessageKind, OutgoingFrame, TransceiverId};
use siskin_rtp::rtcp::{List, NtpTime, ReportBlock, SenderReport};
use siskin_rtp::wire::Header;
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn the_names_and_numbers_are_the_standards() {
    let mut pair = Pair::new(31, Link::new(ms(10)));
    let channel = pair.a.channel(pair.now(), "counted");
    pair.b.echoes = true;
    pair.negotiate();
    pair.run_until(ms(5_000), |a, _| a.is_open(channel));
    let now = pair.now();
    pair.a.connection.send(now, channel, MessageKind::Text, "12345".into()).unwrap();
    pair.run_until(ms(5_000), |a, _| !a.messages.is_empty());

    let report = serde_json::to_value(pair.a.connection.get_stats(pair.now())).unwrap();
    let all = report.as_array().unwrap();
    let of = |kind: &str| all.iter().find(|stats| stats["type"] == kind).unwrap_or(&Value::Null);
    let by_id = |id: &Value| all.iter().find(|stats| stats["id"] == *id).unwrap_or(&Value::Null);

    let transport = of("transport");
    assert_eq!(transport["dtlsState"], "connected");
    assert_eq!(transport["tlsVersion"], "FEFC");
    assert_eq!(transport["iceRole"], "controlling");
    assert_eq!(transport["dtlsCipher"], "TLS_AES_128_GCM_SHA256");
    assert_eq!(transport["tlsGroup"], "x25519mlkem768");
    let selected = by_id(&transport["selectedCandidatePairId"]);
    assert_eq!((&selected["type"], &selected["state"]), (&"candidate-pair".into(), &"succeeded".into()));
    assert_eq!(selected["nominated"], true);
    let rtt = selected["currentRoundTripTime"].as_f64().unwrap();
    assert!((0.019..0.022).contains(&rtt), "{rtt} s over a link of 20 ms there and back");
    assert_eq!(by_id(&selected["localCandidateId"])["type"], "local-candidate");
    assert_eq!(by_id(&selected["remoteCandidateId"])["address"], "10.0.0.2");
    assert!(transport["bytesSent"].as_u64() > Some(0) && selected["bytesReceived"].as_u64() > Some(0));
    for certificate in ["localCertificateId", "remoteCertificateId"] {
        let certificate = by_id(&transport[certificate]);
        assert_eq!(
            (&certificate["type"], &certificate["fingerprintAlgorithm"]),
            (&"certificate".into(), &"sha-256".into())
        );
        assert!(certificate["base64Certificate"].as_str().unwrap().starts_with("MII"));
    }
    let counted = of("data-channel");
    assert_eq!((&counted["label"], &counted["state"]), (&"counted".into(), &"open".into()));
    for (name, number) in
        [("messagesSent", 1), ("bytesSent", 5), ("messagesReceived", 1), ("bytesReceived", 5)]
    {
        assert_eq!(counted[name], number, "{name}");
    }
    assert_eq!(of("peer-connection")["dataChannelsOpened"], 1);
}

/// Of each type of webrtc-stats: what its dictionary requires, and what else it has (with what webrtc-extensions adds). Not
/// listed is what only a codec, a device or a picture can know, of which a stack without codecs has nothing.
const DICTIONARIES: [(&str, &str, &str); 13] = [
    ("codec", "payloadType transportId mimeType", "clockRate channels sdpFmtpLine"),
    (
        "inbound-rtp",
        "ssrc kind trackIdentifier",
        "transportId codecId mid remoteId packetsReceived packetsReceivedWithEct1 packetsReceivedWithCe packetsLost jitter \
         packetsReportedAsLost packetsReportedAsLostButRecovered framesReceived framesDropped lastPacketReceivedTimestamp \
         headerBytesReceived packetsDiscarded fecBytesReceived fecPacketsReceived fecPacketsDiscarded bytesReceived nackCount \
         firCount pliCount jitterBufferDelay jitterBufferTargetDelay jitterBufferEmittedCount jitterBufferMinimumDelay \
         framesAssembledFromMultiplePackets totalAssemblyTime retransmittedPacketsReceived retransmittedBytesReceived rtxSsrc \
         fecSsrc framesPerSecond",
    ),
    (
        "outbound-rtp",
        "ssrc kind",
        "transportId codecId mid mediaSourceId remoteId rid encodingIndex packetsSent bytesSent packetsSentWithEct1 \
         headerBytesSent retransmittedPacketsSent retransmittedBytesSent rtxSsrc targetBitrate framesSent hugeFramesSent \
         totalPacketSendDelay nackCount firCount pliCount active scalabilityMode framesPerSecond",
    ),
    (
        "remote-inbound-rtp",
        "ssrc kind",
        "transportId codecId packetsReceived packetsLost jitter localId roundTripTime totalRoundTripTime fractionLost \
         roundTripTimeMeasurements",
    ),
    (
        "remote-outbound-rtp",
        "ssrc kind",
        "transportId codecId packetsSent bytesSent localId remoteTimestamp reportsSent roundTripTime totalRoundTripTime \
         roundTripTimeMeasurements",
    ),
    (
        "media-source",
        "trackIdentifier kind",
        "audioLevel totalAudioEnergy totalSamplesDuration width height frames framesPerSecond",
    ),
    ("peer-connection", "", "dataChannelsOpened dataChannelsClosed"),
    (
        "data-channel",
        "state",
        "label protocol dataChannelIdentifier messagesSent bytesSent messagesReceived bytesReceived",
    ),
    (
        "transport",
        "dtlsState",
        "packetsSent packetsReceived bytesSent bytesReceived iceRole iceLocalUsernameFragment iceState selectedCandidatePairId \
         localCertificateId remoteCertificateId tlsVersion dtlsCipher dtlsRole srtpCipher selectedCandidatePairChanges \
         ccfbMessagesSent ccfbMessagesReceived tlsGroup",
    ),
    (
        "candidate-pair",
        "transportId localCandidateId remoteCandidateId state",
        "nominated packetsSent packetsReceived bytesSent bytesReceived lastPacketSentTimestamp lastPacketReceivedTimestamp \
         totalRoundTripTime currentRoundTripTime availableOutgoingBitrate availableIncomingBitrate requestsReceived requestsSent \
         responsesReceived responsesSent consentRequestsSent packetsDiscardedOnSend bytesDiscardedOnSend",
    ),
    ("local-candidate", "transportId candidateType", CANDIDATE),
    ("remote-candidate", "transportId candidateType", CANDIDATE),
    ("certificate", "fingerprint fingerprintAlgorithm base64Certificate", "issuerCertificateId"),
];
const CANDIDATE: &str = "address port protocol priority url relayProtocol foundation relatedAddress relatedPort usernameFragment tcpType";

/// Every member of every object is one of its dictionary, what the dictionary requires is there, ids point to objects that are there,
/// and no type is missing.
fn assert_standard(reports: &[Value]) {
    let all: Vec<&Value> = reports.iter().flat_map(|report| report.as_array().unwrap()).collect();
    let mut seen = BTreeSet::new();
    for stats in &all {
        let kind = stats["type"].as_str().unwrap();
        let dictionary = DICTIONARIES.iter().find(|(name, ..)| *name == kind);
        let (_, required, optional) = dictionary.expect("a type of webrtc-stats");
        seen.insert(kind);
        let required = required.split_whitespace().chain(["id", "timestamp", "type"]);
        let known: BTreeSet<&str> = required.clone().chain(optional.split_whitespace()).collect();
        let members = stats.as_object().unwrap();
        for name in members.keys() {
            assert!(known.contains(name.as_str()), "{kind} has no {name} in webrtc-stats");
        }
        for name in required {
            assert!(!stats[name].is_null() && stats[name] != "", "{kind} lacks {name}: {stats}");
        }
    }
    let types: BTreeSet<&str> = DICTIONARIES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(seen, types);
    for report in reports {
        let ids: BTreeSet<&str> =
            report.as_array().unwrap().iter().map(|stats| stats["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), report.as_array().unwrap().len(), "each id once");
        for stats in report.as_array().unwrap() {
            for (name, value) in stats.as_object().unwrap() {
                if name.ends_with("Id") && name != "trackIdentifier" {
                    assert!(ids.contains(value.as_str().unwrap()), "{name} leads nowhere: {stats}");
                }
            }
        }
    }
}

#[test]
fn every_member_is_one_of_the_standards_dictionaries() {
    let mut data = Pair::new(31, Link::new(ms(10)));
    let channel = data.a.channel(data.now(), "counted");
    data.negotiate();
    data.run_until(ms(5_000), |a, _| a.is_open(channel));
    let data = serde_json::to_value(data.a.connection.get_stats(data.now())).unwrap();

    let mut puppet = Puppet::connect(puppet::config(siskin_crypto::ring()));
    for number in 0..30u16 {
        let mut packet = Vec::new();
        let timestamp = u32::from(number) * 3_000;
        Header { marker: true, payload_type: 96, sequence_number: number, timestamp, ssrc: 200, csrcs: &[] }
            .write(&mut packet, |_| {});
        packet.extend_from_slice(&[0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 1, 2, 3]);
        assert!(puppet.rtp(&packet));
        let now = puppet.now();
        let picture = vec![0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 1, 2, 3];
        let frame = OutgoingFrame::new(96, timestamp, picture.into());
        puppet.peer.send_frame(now, TransceiverId(1), None, frame).unwrap();
        puppet.advance(Duration::from_millis(33));
    }
    let media = |puppet: &Puppet| serde_json::to_value(puppet.peer.get_stats(puppet.now())).unwrap();
    let before = media(&puppet);
    let sent = before
        .as_array()
        .unwrap()
        .iter()
        .find(|stats| stats["type"] == "outbound-rtp" && stats["kind"] == "video");
    let ours = sent.unwrap()["ssrc"].as_u64().unwrap() as u32;
    let blocks = [ReportBlock { ssrc: ours, highest_sequence: 7, ..ReportBlock::default() }];
    let report = SenderReport {
        ssrc: 200,
        ntp: NtpTime::from_unix(Duration::from_secs(1_795_000_000)),
        rtp_timestamp: 90_000,
        packet_count: 30,
        octet_count: 420,
        blocks: List::new(&blocks),
        extension: &[],
    };
    let mut datagram = Vec::new();
    report.write(&mut datagram).unwrap();
    assert!(puppet.rtcp(&datagram));
    assert_standard(&[data, media(&puppet)]);
}
