//! A network that breaks without a word.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A way to a port on this machine that can lose everything.
pub struct Network {
    port: u16,
    state: watch::Sender<State>,
    /// Ends with its owner.
    _connections: JoinSet<()>,
}

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Passes on; the number says how often it was broken.
    Whole(usize),
    /// Accepts everything and passes on nothing.
    Swallows(usize),
}

impl Network {
    /// With a port of its own that leads to `port`.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let state = watch::Sender::new(State::Whole(0));
        let states = state.subscribe();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(pass_on(near, ([127, 0, 0, 1], port).into(), states.clone()));
            }
        });
        Self { port: own_port, state, _connections: tasks }
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing arrives, and nobody is told.
    pub fn swallow(&self) {
        self.state.send_modify(|state| {
            if let State::Whole(times) = *state {
                *state = State::Swallows(times + 1);
            }
        });
    }

    /// New connections reach the other end. Those that were there when it broke never will.
    pub fn mend(&self) {
        self.state.send_modify(|state| {
            if let State::Swallows(times) = *state {
                *state = State::Whole(times);
            }
        });
    }
}

/// Passes on what comes until the network breaks; then holds the connection open, for ever silent.
async fn pass_on(mut near: TcpStream, to: SocketAddr, mut states: watch::Receiver<State>) {
    let born = *states.borrow_and_update();
    if let State::Whole(_) = born {
        let mut far = TcpStream::connect(to).await.unwrap();
        tokio::select! {
            // An error on either side ends the connection, as it would without a network between.
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
            _ = states.wait_for(|state| *state != born) => {}
        }
        std::future::pending::<()>().await;
    }
    std::future::pending::<()>().await;
}
