//! The answers that a server still owes, in order.

use std::collections::VecDeque;

/// The use of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// The client gets it.
    Client,
    /// The client gets nothing, because it has not asked.
    Nothing,
    /// The client gets nothing, but an error ends its transaction.
    Ending,
    /// The client is told this instead, and is then within a transaction or outside, if that changes.
    Completed(&'static str, Option<bool>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Parse,
    Bind,
    Close,
    Describe,
    /// That a statement is complete.
    Completion,
    /// That the server is ready for the next message.
    Ready,
}

#[derive(Debug, Default)]
pub(super) struct Expected {
    owed: VecDeque<(Kind, Reply)>,
    /// Whether the server ignores everything up to the next Sync, because of an error.
    ignores: bool,
}

impl Expected {
    /// A message of this kind has been sent.
    pub(super) fn push(&mut self, message: u8, reply: Reply) {
        self.ignores &= message != b'S';
        let kind = match message {
            b'P' => Kind::Parse,
            b'B' => Kind::Bind,
            b'C' => Kind::Close,
            b'D' => Kind::Describe,
            b'E' => Kind::Completion,
            // Q, F and S.
            _ => Kind::Ready,
        };
        self.owe(kind, reply);
    }

    /// The next statement of a query that follows.
    pub(super) fn push_completion(&mut self, reply: Reply) {
        self.owe(Kind::Completion, reply);
    }

    fn owe(&mut self, kind: Kind, reply: Reply) {
        if !self.ignores {
            self.owed.push_back((kind, reply));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owed.is_empty()
    }

    /// The use of the answer that has come.
    pub(super) fn take(&mut self, answer: u8) -> Reply {
        let next = self.owed.front().copied();
        let ends = |kind| match answer {
            b'1' => kind == Kind::Parse,
            b'2' => kind == Kind::Bind,
            b'3' => kind == Kind::Close,
            b'T' | b'n' => kind == Kind::Describe,
            b'C' | b'I' | b's' => kind == Kind::Completion,
            b'Z' => kind == Kind::Ready,
            _ => false,
        };
        match next {
            Some((kind, reply)) if ends(kind) => {
                self.owed.pop_front();
                reply
            }
            // A message beside the others, or a statement of a query that passes as it is.
            Some((_, Reply::Nothing | Reply::Ending)) => Reply::Nothing,
            _ => Reply::Client,
        }
    }

    /// The server has failed, and answers nothing before it is ready again. Returns what would have become of its
    /// answer.
    pub(super) fn fail(&mut self) -> Option<Reply> {
        let failed = self.owed.front().map(|(_, reply)| *reply);
        let is_ready = |(kind, _): &(Kind, Reply)| *kind == Kind::Ready;
        let ready = self.owed.iter().position(is_ready);
        self.owed.drain(..ready.unwrap_or(self.owed.len()));
        self.ignores = ready.is_none();
        failed
    }

    /// The server has begun to read a COPY, and ignored the message after the statement.
    pub(super) fn copying_has_begun(&mut self, is_query: bool) {
        if !is_query {
            self.owed.retain(|(kind, _)| *kind != Kind::Ready);
        }
    }
}
