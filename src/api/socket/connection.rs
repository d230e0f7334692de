//! The life of one chat socket.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::ws::CloseFrame;
use axum::extract::ws::Message as Frame;
use axum::extract::ws::WebSocket;
use axum::extract::ws::close_code;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;
use tokio::time::Sleep;

use crate::api::AppState;
use crate::api::answer_stream::PROCESSING;
use crate::api::answer_stream::unsent;
use crate::api::shapes::HandoverShape;
use crate::api::shapes::HistoryShape;
use crate::api::shapes::ReportShape;
use crate::api::socket::Purpose;
use crate::api::socket::frames::Delta;
use crate::api::socket::frames::Incoming;
use crate::api::socket::frames::Outgoing;
use crate::api::socket::frames::ReportData;
use crate::chat;
use crate::chat::Asker;
use crate::chat::ChatError;
use crate::chat::Event;
use crate::chat::Reply;
use crate::chat::Topic;
use crate::chat::Wanted;
use crate::domain::ClientMessageId;
use crate::domain::MessageId;
use crate::domain::SessionId;
use crate::domain::SuggestedAction;
use crate::realtime::Subscription;
use crate::telemetry::chain;

/// Reports a dashboard is shown when it connects (wire contract §4).
const DASHBOARD_REPORTS_MAX: u32 = 50;
/// A client that answers this many pings in a row with silence is gone.
const MISSED_PINGS_MAX: u8 = 2;
const HANDOVER_PROCESSING: &str = "상담 내용을 정리하고 있습니다. 잠시만 기다려 주세요.";
const HANDOVER_FAILED: &str = "상담 내용을 정리하지 못했습니다. 잠시 후 다시 시도해 주세요.";
const NOTHING_TO_REPORT: &str = "대화 내역이 없어 상담 내용을 정리할 수 없습니다.";

/// One connection.
pub(super) struct Connection {
    state: AppState,
    id: SessionId,
    purpose: Purpose,
    subscription: Subscription<Topic, Event>,
    /// What waits for its turn, oldest first.
    waiting: VecDeque<Task>,
    /// The turn that runs now.
    running: Option<Box<Running>>,
    /// Up to here the client was given what is stored, so what is announced of it later is no news.
    known: MessageId,
    missed_pings: u8,
    heard_at: Instant,
}

/// What is dealt with in order.
enum Task {
    Turn {
        text: String,
        client_message_id: Option<ClientMessageId>,
        streams: bool,
        /// Hurries the turn before it.
        _wanted: Wanted,
    },
    Report,
}

struct Running {
    work: Pin<Box<dyn Future<Output = Done> + Send>>,
    /// When the customer is told that it takes a while.
    notice: Pin<Box<Sleep>>,
    is_noticed: bool,
    /// How an answer comes along.
    progress: Option<UnboundedReceiver<chat::Progress>>,
    /// Its place in the queue for a model, while it waits there.
    queue_position: Option<usize>,
    /// The client wants to see the answer come.
    streams: bool,
    /// What it was sent of it.
    sent: String,
}

/// What came of a task.
enum Done {
    Turn { reply: Result<Arc<Reply>, ChatError>, client_message_id: Option<ClientMessageId> },
    Report { result: Result<ReportShape, ChatError>, is_automatic: bool },
    Interrupted,
}

/// The connection is over; whoever is on the other end no longer listens, or was told to go.
struct Over;

impl Connection {
    /// Begins to listen, so that nothing is missed while the connection opens.
    pub(super) fn new(state: AppState, id: SessionId, purpose: Purpose) -> Self {
        let topic = match purpose {
            Purpose::Conversation { .. } => Topic::Session(id.clone()),
            Purpose::Dashboard => Topic::Dashboards,
        };
        let subscription = state.chat.subscribe(topic);
        let heard_at = Instant::now();
        Self {
            state,
            id,
            purpose,
            subscription,
            waiting: VecDeque::new(),
            running: None,
            known: MessageId::new(0),
            missed_pings: 0,
            heard_at,
        }
    }

    /// Serves the connection to its end.
    pub(super) async fn run(mut self, mut socket: WebSocket) {
        if Box::pin(self.greet(&mut socket)).await.is_ok() {
            while self.step(&mut socket).await.is_ok() {}
        }
    }

    async fn greet(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        let status = Outgoing::Status { message: "connected", session_id: self.id.to_string() };
        self.send(socket, &status).await?;
        match self.purpose {
            Purpose::Conversation { resume_after: Some(after) } => self.send_history(socket, after).await,
            Purpose::Conversation { resume_after: None } => Ok(()),
            Purpose::Dashboard => {
                let reports = self.state.chat.store().reports().latest(DASHBOARD_REPORTS_MAX).await;
                for shown in reports.unwrap_or_default() {
                    self.send(socket, &Outgoing::report(&shown.session, shown.report.into())).await?;
                }
                Ok(())
            }
        }
    }

    /// Waits for whatever happens next and deals with it. Dealing has a future of its own, so that a connection that
    /// waits costs no more than waiting.
    async fn step(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        let happening = self.wait(socket).await;
        Box::pin(self.deal(socket, happening)).await
    }

    async fn wait(&mut self, socket: &mut WebSocket) -> Happening {
        // Back-pressure: a client that sends faster than it is answered is not read until it is.
        let may_read = self.waiting.len() < self.state.settings.limits.socket_pending_messages_max;
        let ping_interval = self.state.settings.limits.socket_ping_interval;
        tokio::select! {
            biased;
            () = self.state.shutdown.cancelled() => Happening::GoingDown,
            // The answer goes before what follows from it, such as where the hand-over stands.
            progress = finished(&mut self.running) => Happening::Progress(progress),
            event = self.subscription.next() => event.map_or(Happening::TooSlow, Happening::Event),
            frame = socket.recv(), if may_read => match frame {
                Some(Ok(frame)) => Happening::Frame(frame),
                Some(Err(_)) | None => Happening::Gone,
            },
            () = tokio::time::sleep(ping_interval) => Happening::Quiet,
        }
    }

    async fn deal(&mut self, socket: &mut WebSocket, happening: Happening) -> Result<(), Over> {
        match happening {
            Happening::GoingDown => self.finish(socket).await,
            Happening::Progress(progress) => self.tell(socket, progress).await,
            Happening::Event(event) => self.forward(socket, event).await,
            Happening::TooSlow => self.close(socket, close_code::AGAIN, "too slow; resume with after_id").await,
            Happening::Frame(frame) => self.receive(socket, frame).await,
            Happening::Gone => Err(Over),
            Happening::Quiet => self.ping(socket).await,
        }
    }

    /// Answers what was taken before the server began to go down, and says good-bye.
    async fn finish(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        while self.running.is_some() {
            let progress = finished(&mut self.running).await;
            self.tell(socket, progress).await?;
        }
        self.close(socket, close_code::RESTART, "server is going down; connect again").await
    }

    async fn receive(&mut self, socket: &mut WebSocket, frame: Frame) -> Result<(), Over> {
        self.missed_pings = 0;
        let text = match frame {
            Frame::Text(text) => text,
            Frame::Binary(_) => {
                let error = Outgoing::error("binary_frame", "텍스트 형식의 메시지만 보낼 수 있습니다.");
                return self.send(socket, &error).await;
            }
            // The library answers pings and closes by itself.
            Frame::Ping(_) | Frame::Pong(_) => return Ok(()),
            Frame::Close(_) => return Err(Over),
        };
        self.heard_at = Instant::now();
        match Incoming::parse(&text) {
            Ok(Incoming::Message { text, client_message_id, streams }) => {
                let wanted = self.state.chat.want_turn(&self.id);
                self.waiting.push_back(Task::Turn { text, client_message_id, streams, _wanted: wanted });
                self.begin_next();
                Ok(())
            }
            Ok(Incoming::RequestHandover) => {
                self.waiting.push_back(Task::Report);
                self.begin_next();
                Ok(())
            }
            Ok(Incoming::Resume { after }) => self.send_history(socket, after).await,
            Ok(Incoming::Ping { timestamp }) => self.send(socket, &Outgoing::Pong { timestamp }).await,
            Err(error) => self.send(socket, &error).await,
        }
    }

    /// Starts the next task unless one is running. What it commits is committed and announced even if the connection
    /// ends before it.
    fn begin_next(&mut self) {
        if self.running.is_some() {
            return;
        }
        let Some(task) = self.waiting.pop_front() else { return };
        let (chat, id, listener) = (self.state.chat.clone(), self.id.clone(), self.subscription.number());
        match task {
            Task::Turn { text, client_message_id, streams, _wanted } => {
                let (tell, progress) = tokio::sync::mpsc::unbounded_channel();
                let asker = Asker { subscription: Some(listener), progress: Some(tell) };
                self.run_beside(async move {
                    let reply = chat.take_turn(&id, &text, client_message_id.clone(), asker).await;
                    Done::Turn { reply, client_message_id }
                });
                if let Some(running) = &mut self.running {
                    (running.progress, running.streams) = (Some(progress), streams);
                }
            }
            Task::Report => self.run_beside(async move {
                let result = chat.analyze(&id).await.map(ReportShape::from);
                Done::Report { result, is_automatic: false }
            }),
        }
    }

    /// Makes the report for the agents, who need it even if the customer has gone meanwhile.
    fn begin_automatic_report(&mut self) {
        let (chat, id) = (self.state.chat.clone(), self.id.clone());
        let report = self.state.tracker.spawn(async move { chat.report_to_dashboards(&id).await });
        self.run_beside(async move {
            match report.await {
                Ok(result) => Done::Report { result: result.map(ReportShape::from), is_automatic: true },
                Err(_) => Done::Interrupted,
            }
        });
    }

    /// Runs a task while the connection goes on.
    fn run_beside(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        let notice = Box::pin(tokio::time::sleep(self.state.processing_notice_after));
        self.running = Some(Box::new(Running {
            work: Box::pin(work),
            notice,
            is_noticed: false,
            progress: None,
            queue_position: None,
            streams: false,
            sent: String::new(),
        }));
    }

    /// Tells what came of the running task and starts the next.
    async fn tell(&mut self, socket: &mut WebSocket, progress: Progress) -> Result<(), Over> {
        let done = match progress {
            Progress::TakesAWhile(queue_position) => {
                return self.send(socket, &Outgoing::Processing { message: PROCESSING, queue_position }).await;
            }
            Progress::Text(text) => return self.send(socket, &Outgoing::Delta { data: Delta { text } }).await,
            Progress::Done(done) => done,
        };
        let running = self.running.take();
        match *done {
            Done::Turn { reply: Ok(reply), .. } => {
                if let Some(running) = running.filter(|running| running.streams) {
                    for part in unsent(&running.sent, &reply.text) {
                        let data = Delta { text: part.to_owned() };
                        self.send(socket, &Outgoing::Delta { data }).await?;
                    }
                }
                let is_handover = reply.suggested_action == SuggestedAction::Handover;
                if is_handover {
                    self.begin_automatic_report();
                }
                self.send(socket, &Outgoing::Response { data: Box::new((&*reply).into()) }).await?;
                if is_handover {
                    self.send(socket, &Outgoing::HandoverProcessing { message: HANDOVER_PROCESSING }).await?;
                }
            }
            Done::Turn { reply: Err(error), client_message_id, .. } => {
                self.send(socket, &Outgoing::refusal(error.into(), client_message_id)).await?;
            }
            Done::Report { result, is_automatic } => self.tell_report(socket, result, is_automatic).await?,
            Done::Interrupted => {
                self.send(socket, &Outgoing::HandoverError { message: HANDOVER_FAILED }).await?;
            }
        }
        self.begin_next();
        Ok(())
    }

    async fn tell_report(
        &mut self,
        socket: &mut WebSocket,
        result: Result<ReportShape, ChatError>,
        is_automatic: bool,
    ) -> Result<(), Over> {
        if is_automatic {
            return match result {
                Ok(report) => self.send(socket, &Outgoing::report(&self.id, report)).await,
                Err(error) => self.tell_report_failure(socket, error).await,
            };
        }
        self.send(socket, &Outgoing::HandoverProcessing { message: HANDOVER_PROCESSING }).await?;
        let data = match result {
            Ok(report) => Box::new(ReportData { status: "success", report }),
            Err(ChatError::NoConversation(_) | ChatError::UnknownSession(_)) => {
                Box::new(ReportData { status: "error", report: ReportShape::nothing(NOTHING_TO_REPORT) })
            }
            Err(error) => return self.tell_report_failure(socket, error).await,
        };
        self.send(socket, &Outgoing::HandoverReport { session_id: None, data }).await
    }

    async fn tell_report_failure(&mut self, socket: &mut WebSocket, error: ChatError) -> Result<(), Over> {
        tracing::error!(error = %chain(&error), session.id = %self.id, "no hand-over report");
        self.send(socket, &Outgoing::HandoverError { message: HANDOVER_FAILED }).await
    }

    /// Passes on what happened elsewhere in the conversation.
    async fn forward(&mut self, socket: &mut WebSocket, event: Arc<Event>) -> Result<(), Over> {
        match &*event {
            Event::Turn(reply) if reply.turn.as_ref().is_some_and(|turn| turn.answer.id <= self.known) => Ok(()),
            Event::CustomerMessage(message) | Event::AgentMessage(message) if message.id <= self.known => Ok(()),
            Event::Turn(reply) => {
                // Where a model was asked, the message was told before the answer.
                if let Some(turn) = reply.turn.as_ref().filter(|turn| turn.question.id > self.known) {
                    let data = Box::new(turn.question.clone().into());
                    self.send(socket, &Outgoing::CustomerMessage { data }).await?;
                }
                let data = Box::new((&**reply).into());
                self.send(socket, &Outgoing::Response { data }).await
            }
            Event::CustomerMessage(message) => {
                self.known = self.known.max(message.id);
                self.send(socket, &Outgoing::CustomerMessage { data: Box::new(message.clone().into()) }).await
            }
            Event::AgentMessage(message) => {
                self.send(socket, &Outgoing::AgentMessage { data: Box::new(message.clone().into()) }).await
            }
            Event::Handover(handover) => {
                let data = Box::new(HandoverShape::new(&self.id, handover));
                self.send(socket, &Outgoing::HandoverStatus { data }).await
            }
            Event::Closed => self.send(socket, &Outgoing::SessionClosed { session_id: self.id.to_string() }).await,
            Event::Report(shown) => {
                self.send(socket, &Outgoing::report(&shown.session, shown.report.clone().into())).await
            }
        }
    }

    async fn send_history(&mut self, socket: &mut WebSocket, after: MessageId) -> Result<(), Over> {
        let limit = self.state.settings.limits.messages_page_max;
        let frame = match self.state.chat.store().messages().after(&self.id, after, limit + 1).await {
            Ok(messages) => {
                // An incomplete page is followed by a request for the next; until then only what it holds is known.
                let last = messages.iter().take(limit as usize).next_back().map_or(after, |message| message.id);
                self.known = self.known.max(last);
                Outgoing::History { data: HistoryShape::page(messages, limit) }
            }
            Err(error) => Outgoing::refusal(error.into(), None),
        };
        self.send(socket, &frame).await
    }

    async fn ping(&mut self, socket: &mut WebSocket) -> Result<(), Over> {
        if self.missed_pings >= MISSED_PINGS_MAX {
            return Err(Over);
        }
        if self.heard_at.elapsed() >= self.state.settings.limits.socket_idle_timeout {
            return self.close(socket, close_code::NORMAL, "idle").await;
        }
        self.missed_pings += 1;
        self.send_frame(socket, Frame::Ping(bytes::Bytes::new())).await
    }

    async fn close(&mut self, socket: &mut WebSocket, code: u16, reason: &'static str) -> Result<(), Over> {
        let frame = Frame::Close(Some(CloseFrame { code, reason: reason.into() }));
        let _ = self.send_frame(socket, frame).await;
        Err(Over)
    }

    async fn send(&mut self, socket: &mut WebSocket, frame: &Outgoing) -> Result<(), Over> {
        self.send_frame(socket, frame.to_frame()).await
    }

    /// Sends one frame; a client that does not take it in time is cut, not waited for.
    async fn send_frame(&mut self, socket: &mut WebSocket, frame: Frame) -> Result<(), Over> {
        let limit = self.state.settings.limits.socket_send_timeout;
        match tokio::time::timeout(limit, socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }
}

/// What a connection waits for.
enum Happening {
    /// The server is going down.
    GoingDown,
    /// The running task got on.
    Progress(Progress),
    /// Something happened elsewhere in the conversation.
    Event(Arc<Event>),
    /// More happened than this connection could take.
    TooSlow,
    /// The client sent something.
    Frame(Frame),
    /// The client is no longer there.
    Gone,
    /// Nothing, for as long as a ping takes.
    Quiet,
}

/// How the running task gets on.
enum Progress {
    /// It takes longer than a moment; with the place in the queue for a model, if it waits there.
    TakesAWhile(Option<usize>),
    /// More of the answer came.
    Text(String),
    Done(Box<Done>),
}

/// Waits for the running task, or for the moment to say that it takes a while; for ever if nothing runs.
async fn finished(running: &mut Option<Box<Running>>) -> Progress {
    let Some(running) = running else { return std::future::pending().await };
    loop {
        let heard = tokio::select! {
            biased;
            heard = heard_of(&mut running.progress) => heard,
            done = &mut running.work => return Progress::Done(Box::new(done)),
            () = &mut running.notice, if !running.is_noticed => {
                running.is_noticed = true;
                return Progress::TakesAWhile(running.queue_position);
            }
        };
        match heard {
            chat::Progress::Waiting(place) => running.queue_position = Some(place),
            chat::Progress::Begun => running.queue_position = None,
            chat::Progress::Text(text) => {
                running.sent.push_str(&text);
                if running.streams {
                    return Progress::Text(text);
                }
                continue;
            }
        }
        if running.is_noticed {
            return Progress::TakesAWhile(running.queue_position);
        }
    }
}

/// The next that is heard of an answer; never, once nothing more will be.
async fn heard_of(progress: &mut Option<UnboundedReceiver<chat::Progress>>) -> chat::Progress {
    if let Some(receiver) = progress {
        if let Some(heard) = receiver.recv().await {
            return heard;
        }
        *progress = None;
    }
    std::future::pending().await
}
