//! The examples of RFC 9429 §7, as far as one side's description can be given to ours: the other side names its sections
//! as it likes.

use super::*;

/// §7.3, `offer-C1`.
const OFFER_C1: &str = "v=0
o=- 1070771854436052752 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle ice2
a=group:BUNDLE a1 v1
a=group:LS a1 v1
m=audio 9 UDP/TLS/RTP/SAVPF 96 0 8 97 98
c=IN IP4 0.0.0.0
a=mid:a1
a=sendrecv
a=rtpmap:96 opus/48000/2
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:97 telephone-event/8000
a=rtpmap:98 telephone-event/48000
a=fmtp:97 0-15
a=fmtp:98 0-15
a=maxptime:120
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=msid:bbce3ba6-abfc-ac63-d00a-e15b286f8fce
a=ice-ufrag:4ZcD
a=ice-pwd:ZaaG6OG7tCn4J/lehAGz+HHD
a=fingerprint:sha-256 C4:68:F8:77:6A:44:F1:98:6D:7C:9F:47:EB:E3:34:A4:0A:AA:2D:49:08:28:70:2E:1F:AE:18:7D:4E:3E:66:BF
a=setup:actpass
a=tls-id:9e5b948ade9c3d41de6617b68f769e55
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
m=video 0 UDP/TLS/RTP/SAVPF 100 101 102 103
c=IN IP4 0.0.0.0
a=mid:v1
a=sendrecv
a=rtpmap:100 VP8/90000
a=rtpmap:101 H264/90000
a=fmtp:101 packetization-mode=1;profile-level-id=42e01f
a=rtpmap:102 rtx/90000
a=fmtp:102 apt=100
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=101
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=rtcp-fb:100 ccm fir
a=rtcp-fb:100 nack
a=rtcp-fb:100 nack pli
a=msid:bbce3ba6-abfc-ac63-d00a-e15b286f8fce
a=bundle-only
";

/// Early warm-up: the transport is set up by an answer that only promises to send, before the call is taken.
#[test]
fn section_7_3_bob() {
    let mut bob = peer(2);
    take(&mut bob, &offer(&OFFER_C1.replace('\n', "\r\n")));
    bob.drain(T0);
    let told = tracks(&bob);
    assert_eq!(told.len(), 2, "ontrack events for audio and video");
    assert!(told.iter().all(|(_, streams)| streams == &["bbce3ba6-abfc-ac63-d00a-e15b286f8fce"]));
    for (id, _) in told {
        bob.connection.set_direction(T0, id, Direction::SendOnly).unwrap();
        bob.connection.set_streams(T0, id, &["751f239e".into()]).unwrap();
    }
    let answer = describe(&mut bob).sdp;
    assert_eq!(line(section(&answer, 0), "m="), "m=audio 1000 UDP/TLS/RTP/SAVPF 96 0 8 97 98");
    assert_eq!(line(section(&answer, 1), "m="), "m=video 1000 UDP/TLS/RTP/SAVPF 100 101 102 103");
    for line in ["a=group:BUNDLE a1 v1", "a=group:LS a1 v1"] {
        assert!(has(&answer, line), "{line} is missing in {answer}");
    }
    for index in 0..2 {
        let section = section(&answer, index);
        assert!(has(section, "a=sendonly") && has(section, "a=msid:751f239e"), "{answer}");
        assert!(has(section, "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid"));
        assert_eq!(
            section.contains("a=setup:active"),
            index == 0,
            "the transport is described once: {answer}"
        );
        assert!(!section.contains("bundle-only"));
    }
    for line in
        ["a=rtcp-fb:100 ccm fir", "a=rtcp-fb:100 nack", "a=rtcp-fb:100 nack pli", "a=fmtp:103 apt=101"]
    {
        assert!(has(section(&answer, 1), line), "{line} is missing in {answer}");
    }
    // `offer-C2`: Bob takes the call.
    for id in all(&bob).iter().map(|known| known.id()).collect::<Vec<_>>() {
        bob.connection.set_direction(T0, id, Direction::SendRecv).unwrap();
    }
    assert!(bob.connection.is_negotiation_needed());
    let again = describe(&mut bob).sdp;
    // What was agreed on comes first (§5.2.2).
    assert!(
        line(section(&again, 0), "m=").starts_with("m=audio 1000 UDP/TLS/RTP/SAVPF 96 0 8 97 98"),
        "{again}"
    );
    for line in ["a=mid:a1", "a=sendrecv", "a=setup:actpass", "a=msid:751f239e"] {
        assert!(has(section(&again, 0), line), "{line} is missing in {again}");
    }
    assert!(has(&again, "a=group:BUNDLE a1 v1") && has(&again, "a=group:LS a1 v1"));
    assert!(!section(&again, 1).contains("a=ice-ufrag") && !again.contains("bundle-only"), "{again}");
}
