//! The body of an answer: it sends what the script says when the script says it.

use std::io;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt as _;
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Frame;

use super::record::End;
use super::record::Turn;
use super::script::Part;

/// A body of the server's.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The body that plays a script. Whoever drops it before its end has hung up.
pub fn play(script: Vec<Part>, turn: Turn) -> Body {
    let player = Player { script, at: 0, turn };
    let frames = stream::unfold(player, |mut player| async move { player.next().await.map(|frame| (frame, player)) });
    StreamBody::new(frames).boxed_unsync()
}

struct Player {
    script: Vec<Part>,
    at: usize,
    turn: Turn,
}

impl Player {
    async fn next(&mut self) -> Option<io::Result<Frame<Bytes>>> {
        while let Some(part) = self.script.get(self.at) {
            self.at += 1;
            match part {
                Part::Bytes { bytes, tokens } => {
                    self.turn.tokens(*tokens);
                    // Told before the client can know it, so that whoever has read an answer is not counted any more.
                    if self.script[self.at..].iter().all(|part| *part == Part::Flush) {
                        self.turn.end(End::Answered);
                    }
                    return Some(Ok(Frame::data(bytes.clone())));
                }
                Part::Flush => tokio::task::yield_now().await,
                Part::Wait(duration) => tokio::time::sleep(*duration).await,
                Part::Silence => std::future::pending().await,
                Part::Again(at) => self.at = *at,
                Part::Break => {
                    self.turn.end(End::Broken);
                    return Some(Err(io::Error::other("the test wants it so")));
                }
            }
        }
        self.turn.end(End::Answered);
        None
    }
}
