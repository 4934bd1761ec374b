//! `get_stats` under the names of webrtc-stats.

use crate::harness::{Pair, ms};
use serde_json::Value;
use siskin_netsim::Link;
use siskin_peer::MessageKind;

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
