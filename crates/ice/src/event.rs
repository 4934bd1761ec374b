//! What an agent reports.

use crate::PairId;
use alloc::vec::Vec;
use siskin_base::{Candidate, Path};
use siskin_stun::wire::{AttributeType, Class};

/// Something that the caller may want to act on; drained with [`Agent::poll_event`](crate::Agent::poll_event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Signal this to the peer.
    LocalCandidate(Candidate),
    /// No further local candidate will come until a restart, unless a base is added.
    GatheringComplete,
    /// The agent's state, which the W3C calls the transport's.
    StateChange(State),
    /// A role conflict was resolved against us (RFC 8445 §7.3.1.1).
    RoleChange(Role),
    /// Send on this path from now on.
    SelectedPair {
        /// The pair.
        pair: PairId,
        /// Its way.
        path: Path,
    },
    /// Nothing may be sent on this path until a restart (RFC 7675 §5).
    ConsentLost {
        /// The way.
        path: Path,
        /// Why.
        reason: ConsentLoss,
    },
    /// Authenticated attributes of the peer that the configuration asks for. It comes before the response to that
    /// message is built, so that what is set with
    /// [`set_carried_attributes`](crate::Agent::set_carried_attributes) now still goes into it.
    PeerAttributes {
        /// The way that they came.
        path: Path,
        /// In a request or in a response.
        class: Class,
        /// Type and value, in their order.
        attributes: Vec<(AttributeType, Vec<u8>)>,
    },
}

/// RTCIceTransportState of the W3C.
///
/// ```text
/// New --peer's credentials--> Checking --a valid pair--> Connected --nominated, nothing to come--> Completed
/// Checking --patience is over, every pair failed--> Failed
/// Connected, Completed --no response for a while--> Disconnected --a response--> Connected, Completed
/// Connected, Completed, Disconnected --consent lost, no other pair--> Failed
/// Failed, Disconnected --a check succeeds, or a restart does--> Connected;  any --close--> Closed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for the peer's credentials.
    New,
    /// Checks run, or are waited for; no pair is valid yet.
    Checking,
    /// A valid pair is in use, and checks may go on.
    Connected,
    /// A nominated pair is in use, and both ends have gathered.
    Completed,
    /// Nothing to try is left, or consent is lost.
    Failed,
    /// The pair in use does not answer at the moment.
    Disconnected,
    /// Shut down by us.
    Closed,
}

impl State {
    /// The W3C's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Checking => "checking",
            Self::Connected => "connected",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Disconnected => "disconnected",
            Self::Closed => "closed",
        }
    }
}

/// RTCIceGathererState of the W3C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatheringState {
    /// No base yet.
    New,
    /// Candidates may still come.
    Gathering,
    /// All are out.
    Complete,
}

/// Who nominates (RFC 8445 §6.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nominates.
    Controlling,
    /// Follows.
    Controlled,
}

impl Role {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Controlling => Self::Controlled,
            Self::Controlled => Self::Controlling,
        }
    }
}

/// What kind of agent the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RemoteKind {
    /// It signalled `a=ice-lite`.
    pub lite: bool,
}

/// How consent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentLoss {
    /// No authenticated response for 30 s (RFC 7675 §5.1).
    Expired,
    /// An authenticated 403, or a message that closes the connection (RFC 7675 §5.2).
    Revoked,
}
