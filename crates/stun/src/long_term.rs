//! The client's end of the long-term credential mechanism (RFC 8489 §9.2), as TURN uses it.
//!
//! The first request goes out bare; the server's 401 brings realm and nonce; the request is sent again with them, and
//! so is every later one. Bid-down protection, SHA-256 passwords and hidden usernames come with the nonce cookie.

use crate::IntegrityKey;
use crate::wire::{
    AttributeType, Builder, Class, ErrorCode, Message, NonceCookie, PasswordAlgorithm, SecurityFeatures,
};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use siskin_base::HashAlgorithm;
use siskin_crypto::Provider;

/// What USERHASH carries: SHA-256 of `username:realm` (RFC 8489 §14.4).
pub fn userhash(provider: &Provider, username: &str, realm: &str) -> [u8; 32] {
    let parts = [username, ":", realm].map(str::as_bytes);
    let mut out = [0; 32];
    let digest = provider.hash(HashAlgorithm::Sha256).digest(&parts);
    out.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    out
}

/// A username and password towards one server, and what the server asked for last.
pub struct Client {
    provider: Provider,
    username: String,
    password: String,
    challenge: Option<Challenge>,
}

struct Challenge {
    realm: String,
    nonce: Vec<u8>,
    /// PASSWORD-ALGORITHMS as it came, to be sent back, and our choice of it.
    algorithms: Option<(Vec<u8>, PasswordAlgorithm)>,
    userhash: Option<[u8; 32]>,
    key: IntegrityKey,
}

/// What a response means for the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the server's: go by its class and error code.
    Authentic,
    /// It is a challenge: send the request again, with a new transaction id.
    Retry,
    /// The server refuses these credentials, or offers no algorithm that we have.
    Refused,
    /// Drop it as if it had not come (RFC 8489 §9.2.5).
    Discard,
}

impl Client {
    /// Credentials prepared with OpaqueString (RFC 8265).
    // RFC 8489 §9.2.2: not done, because its tables outweigh this crate and ASCII needs none: OpaqueString is the caller's.
    pub fn new(provider: Provider, username: &str, password: &str) -> Self {
        Self { provider, username: username.into(), password: password.into(), challenge: None }
    }

    /// Appends what authenticates a request: nothing before the first challenge, later also the integrity attribute, so
    /// that only [`Builder::fingerprint`] may follow.
    pub fn authenticate<'a>(&self, request: Builder<'a>) -> Builder<'a> {
        let Some(challenge) = &self.challenge else { return request };
        let request = match &challenge.userhash {
            Some(hash) => request.userhash(hash),
            None => request.username(&self.username),
        };
        let request = request.realm(&challenge.realm).nonce(&challenge.nonce);
        // RFC 8489 §9.2.5: with password algorithms, the SHA-256 integrity goes with them.
        match &challenge.algorithms {
            Some((all, chosen)) => request
                .attribute(AttributeType::PASSWORD_ALGORITHMS, all)
                .password_algorithm(*chosen)
                .integrity_sha256(&challenge.key),
            None => request.integrity(&challenge.key),
        }
    }

    /// The key that signs requests, once the server has challenged.
    pub fn key(&self) -> Option<&IntegrityKey> {
        self.challenge.as_ref().map(|challenge| &challenge.key)
    }

    /// Judges a response to a request that [`authenticate`](Self::authenticate) completed (RFC 8489 §9.2.5).
    // RFC 8489 §9.2.5: not done, because servers in use sign no errors, and a client that waits for a better one waits until
    // it gives up: an error without integrity is not always discarded.
    pub fn handle_response(&mut self, response: &Message<'_>) -> Verdict {
        // The bit without the attribute: somebody took it away.
        let nonce = response.nonce().and_then(NonceCookie::parse);
        let promised = nonce.is_some_and(|n| n.features.has(SecurityFeatures::PASSWORD_ALGORITHMS));
        if promised && !response.has(AttributeType::PASSWORD_ALGORITHMS) {
            return Verdict::Discard;
        }
        let authentic = self.key().is_some_and(|key| response.verify(key));
        let code = response.error().map(|error| error.code);
        let code = if response.class() == Class::Error { code } else { None };
        match code {
            // These two come before or without a shared nonce, so that they may lack integrity.
            Some(ErrorCode::UNAUTHENTICATED) => self.challenged(response, false),
            Some(ErrorCode::STALE_NONCE) => self.challenged(response, true),
            Some(_) if authentic || !response.has_integrity() => Verdict::Authentic,
            _ if authentic || self.challenge.is_none() => Verdict::Authentic,
            _ => Verdict::Discard,
        }
    }

    fn challenged(&mut self, response: &Message<'_>, stale: bool) -> Verdict {
        let (Some(realm), Some(nonce)) = (response.realm(), response.nonce()) else {
            return Verdict::Discard;
        };
        // A second 401 for the same realm says that the password is wrong; a fresh nonce comes with 438.
        if !stale && self.challenge.as_ref().is_some_and(|known| known.realm == realm) {
            return Verdict::Refused;
        }
        let features = NonceCookie::parse(nonce).map(|cookie| cookie.features).unwrap_or_default();
        let algorithms = response.get(AttributeType::PASSWORD_ALGORITHMS);
        let algorithms = match algorithms {
            None => None,
            Some(all) => {
                let mut known =
                    response.password_algorithms().into_iter().flatten().filter(|(kind, rest)| {
                        [PasswordAlgorithm::MD5, PasswordAlgorithm::SHA256].contains(kind) && rest.is_empty()
                    });
                let Some((chosen, _)) = known.next() else { return Verdict::Refused };
                Some((all.to_vec(), chosen))
            }
        };
        let algorithm = algorithms.as_ref().map_or(PasswordAlgorithm::MD5, |(_, chosen)| *chosen);
        let key = IntegrityKey::long_term(&self.provider, &self.username, realm, &self.password, algorithm);
        let Some(key) = key else { return Verdict::Refused };
        let anonymous = features.has(SecurityFeatures::USERNAME_ANONYMITY);
        let userhash = anonymous.then(|| userhash(&self.provider, &self.username, realm));
        self.challenge =
            Some(Challenge { realm: realm.into(), nonce: nonce.to_vec(), algorithms, userhash, key });
        Verdict::Retry
    }
}

/// Shows the username only.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({}, ..)", self.username)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Method, TransactionId};

    const ID: TransactionId = TransactionId([9; 12]);

    fn request(client: &Client) -> Vec<u8> {
        let mut out = Vec::new();
        let request = Builder::new(&mut out, Class::Request, Method::ALLOCATE, ID);
        client.authenticate(request).fingerprint().finish().unwrap();
        out
    }

    fn challenge(code: ErrorCode, nonce: &[u8], algorithms: &[PasswordAlgorithm]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut error = Builder::new(&mut out, Class::Error, Method::ALLOCATE, ID)
            .error(code)
            .realm("realm")
            .nonce(nonce);
        if !algorithms.is_empty() {
            error = error.password_algorithms(algorithms);
        }
        error.finish().unwrap();
        out
    }

    fn client() -> Client {
        Client::new(siskin_crypto::rustcrypto(), "user", "pass")
    }

    #[test]
    fn rfc8489_9_2_3_the_first_request_is_bare() {
        let bytes = request(&client());
        assert_eq!(Message::parse(&bytes).unwrap().attributes().count(), 0);
    }

    #[test]
    fn rfc8489_9_2_5_a_challenge_is_answered_once() {
        let mut client = client();
        let bytes = challenge(ErrorCode::UNAUTHENTICATED, b"n1", &[]);
        assert_eq!(client.handle_response(&Message::parse(&bytes).unwrap()), Verdict::Retry);
        let sent = request(&client);
        let sent = Message::parse(&sent).unwrap();
        assert_eq!((sent.username(), sent.realm()), (Some("user"), Some("realm")));
        assert_eq!(sent.nonce(), Some(&b"n1"[..]));
        // RFC 8489 §9.2.2: the worked example of the key.
        let md5 =
            [0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb, 0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb];
        assert!(sent.verify(&IntegrityKey::from_bytes(&siskin_crypto::rustcrypto(), &md5)));

        let stale = challenge(ErrorCode::STALE_NONCE, b"n2", &[]);
        assert_eq!(client.handle_response(&Message::parse(&stale).unwrap()), Verdict::Retry);
        assert_eq!(Message::parse(&request(&client)).unwrap().nonce(), Some(&b"n2"[..]));
        assert_eq!(client.handle_response(&Message::parse(&bytes).unwrap()), Verdict::Refused);
    }

    #[test]
    fn rfc8489_9_2_1_features_are_used_and_guarded() {
        let mut client = client();
        let mut nonce = Vec::new();
        let features = SecurityFeatures::PASSWORD_ALGORITHMS.with(SecurityFeatures::USERNAME_ANONYMITY);
        NonceCookie { features, rest: b"xyz" }.write(&mut nonce);
        let stripped = challenge(ErrorCode::UNAUTHENTICATED, &nonce, &[]);
        assert_eq!(client.handle_response(&Message::parse(&stripped).unwrap()), Verdict::Discard);
        let unknown = challenge(ErrorCode::UNAUTHENTICATED, &nonce, &[PasswordAlgorithm(9)]);
        assert_eq!(client.handle_response(&Message::parse(&unknown).unwrap()), Verdict::Refused);
        let both = [PasswordAlgorithm::SHA256, PasswordAlgorithm::MD5];
        let whole = challenge(ErrorCode::UNAUTHENTICATED, &nonce, &both);
        assert_eq!(client.handle_response(&Message::parse(&whole).unwrap()), Verdict::Retry);
        let sent = request(&client);
        let sent = Message::parse(&sent).unwrap();
        let provider = siskin_crypto::rustcrypto();
        assert_eq!(sent.username(), None);
        assert_eq!(sent.userhash(), Some(&userhash(&provider, "user", "realm")));
        assert_eq!(sent.password_algorithm(), Some(PasswordAlgorithm::SHA256));
        assert_eq!(sent.password_algorithms().unwrap().count(), 2);
        let key =
            IntegrityKey::long_term(&provider, "user", "realm", "pass", PasswordAlgorithm::SHA256).unwrap();
        assert!(sent.has_integrity_sha256() && sent.verify(&key));
    }

    #[test]
    fn responses_without_integrity_count_for_nothing_once_challenged() {
        let mut client = client();
        let bytes = challenge(ErrorCode::UNAUTHENTICATED, b"n1", &[]);
        client.handle_response(&Message::parse(&bytes).unwrap());
        let mut success = Vec::new();
        Builder::new(&mut success, Class::Success, Method::ALLOCATE, ID).finish().unwrap();
        assert_eq!(client.handle_response(&Message::parse(&success).unwrap()), Verdict::Discard);
        success.clear();
        let builder = Builder::new(&mut success, Class::Success, Method::ALLOCATE, ID);
        builder.integrity(client.key().unwrap()).finish().unwrap();
        assert_eq!(client.handle_response(&Message::parse(&success).unwrap()), Verdict::Authentic);
    }
}
