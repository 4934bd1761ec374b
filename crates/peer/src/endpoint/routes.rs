//! Which connection a datagram is for.

use super::ConnectionId;
use crate::RouteChange;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use siskin_base::{BaseId, Path, Received};

/// Transactions remembered for each connection: more than ICE ever has under way.
const MAX_TRANSACTIONS: usize = 256;

type TransactionId = [u8; 12];

#[derive(Default)]
pub(super) struct Routes {
    by_path: BTreeMap<Path, ConnectionId>,
    by_ufrag: BTreeMap<String, ConnectionId>,
    by_transaction: BTreeMap<TransactionId, ConnectionId>,
    transactions: BTreeMap<ConnectionId, VecDeque<TransactionId>>,
}

impl Routes {
    pub(super) fn for_path(&self, path: &Path) -> Option<ConnectionId> {
        self.by_path.get(path).copied()
    }

    /// A request names us by the local half of its USERNAME (RFC 8445 §7.2.2), a response by its transaction.
    pub(super) fn for_stun(&self, received: &Received<'_>) -> Option<ConnectionId> {
        let owner = self.for_path(&received.path);
        if is_request(received.datagram) {
            let named = siskin_ice::local_ufrag_of(received.datagram)
                .and_then(|ufrag| self.by_ufrag.get(ufrag).copied());
            // A second connection on a live path could not be told apart once DTLS flows.
            return if owner.is_some() && named.is_some() && owner != named { None } else { named.or(owner) };
        }
        let transaction = transaction_id(received.datagram);
        transaction.and_then(|id| self.by_transaction.get(&id).copied()).or(owner)
    }

    /// Remembers the transaction of a request that goes out, unless the path of its response is enough: checks for consent go
    /// on for as long as a connection lives.
    pub(super) fn sent_stun(&mut self, connection: ConnectionId, path: &Path, datagram: &[u8]) {
        if self.for_path(path) == Some(connection) {
            return;
        }
        let Some(id) = transaction_id(datagram).filter(|_| is_request(datagram)) else { return };
        if self.by_transaction.insert(id, connection).is_some() {
            return;
        }
        let recent = self.transactions.entry(connection).or_default();
        recent.push_back(id);
        if recent.len() > MAX_TRANSACTIONS
            && let Some(oldest) = recent.pop_front()
        {
            self.by_transaction.remove(&oldest);
        }
    }

    pub(super) fn apply(&mut self, connection: ConnectionId, change: RouteChange) {
        match change {
            RouteChange::AddUfrag(ufrag) => {
                self.by_ufrag.insert(ufrag, connection);
            }
            RouteChange::RemoveUfrag(ufrag) => {
                self.by_ufrag.remove(&ufrag);
            }
            RouteChange::AddPath(path) => {
                self.by_path.entry(path).or_insert(connection);
            }
            RouteChange::RemovePath(path) => {
                if self.by_path.get(&path) == Some(&connection) {
                    self.by_path.remove(&path);
                }
            }
        }
    }

    pub(super) fn remove_connection(&mut self, connection: ConnectionId) {
        self.by_path.retain(|_, owner| *owner != connection);
        self.by_ufrag.retain(|_, owner| *owner != connection);
        for id in self.transactions.remove(&connection).unwrap_or_default() {
            self.by_transaction.remove(&id);
        }
    }

    pub(super) fn remove_base(&mut self, base: BaseId) {
        self.by_path.retain(|path, _| path.base != base);
    }
}

/// STUN's class bits, both clear in a request (RFC 8489 §5).
fn is_request(datagram: &[u8]) -> bool {
    matches!(datagram, [a, b, ..] if a & 0x01 == 0 && b & 0x10 == 0)
}

fn transaction_id(datagram: &[u8]) -> Option<TransactionId> {
    datagram.get(8..20)?.try_into().ok()
}
