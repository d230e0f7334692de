//! Topics and their subscribers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::mpsc;

/// Delivers events of type `E` to the subscribers of a topic `T`. Clones are the same hub.
pub struct Hub<T: Eq + Hash + Clone, E> {
    topics: Arc<Mutex<Topics<T, E>>>,
    queue_max: usize,
}

/// One subscriber's queue. Dropping it ends the subscription.
pub struct Subscription<T: Eq + Hash + Clone, E> {
    hub: Hub<T, E>,
    topic: T,
    number: u64,
    events: mpsc::Receiver<Arc<E>>,
}

struct Topics<T, E> {
    subscribers: HashMap<T, Vec<Subscriber<E>>>,
    next_number: u64,
}

struct Subscriber<E> {
    number: u64,
    queue: mpsc::Sender<Arc<E>>,
}

impl<T: Eq + Hash + Clone, E> Hub<T, E> {
    /// A hub without subscribers. `queue_max` is how many undelivered events a subscriber may have before it is cut.
    pub fn new(queue_max: usize) -> Self {
        let topics = Topics { subscribers: HashMap::new(), next_number: 0 };
        Self { topics: Arc::new(Mutex::new(topics)), queue_max: queue_max.max(1) }
    }

    /// Listens to a topic from now on.
    pub fn subscribe(&self, topic: T) -> Subscription<T, E> {
        let (queue, events) = mpsc::channel(self.queue_max);
        let mut topics = self.lock();
        let number = topics.next_number;
        topics.next_number += 1;
        topics.subscribers.entry(topic.clone()).or_default().push(Subscriber { number, queue });
        drop(topics);
        Subscription { hub: self.clone(), topic, number, events }
    }

    /// Delivers an event to all subscribers of a topic but `except`.
    pub fn publish(&self, topic: &T, event: Arc<E>, except: Option<u64>) {
        let mut topics = self.lock();
        let Some(subscribers) = topics.subscribers.get_mut(topic) else { return };
        subscribers.retain(|subscriber| {
            Some(subscriber.number) == except || subscriber.queue.try_send(Arc::clone(&event)).is_ok()
        });
        if subscribers.is_empty() {
            topics.subscribers.remove(topic);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Topics<T, E>> {
        // The map is whole after every statement, so a panic elsewhere does not spoil it.
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Eq + Hash + Clone, E> Clone for Hub<T, E> {
    fn clone(&self) -> Self {
        Self { topics: Arc::clone(&self.topics), queue_max: self.queue_max }
    }
}

impl<T: Eq + Hash + Clone, E> Subscription<T, E> {
    /// Names this subscriber among the topic's, for [`Hub::publish`]'s `except`.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next event; `None` when this subscriber was too slow and was cut.
    pub async fn next(&mut self) -> Option<Arc<E>> {
        self.events.recv().await
    }
}

impl<T: Eq + Hash + Clone, E> Drop for Subscription<T, E> {
    fn drop(&mut self) {
        let mut topics = self.hub.lock();
        if let Some(subscribers) = topics.subscribers.get_mut(&self.topic) {
            subscribers.retain(|subscriber| subscriber.number != self.number);
            if subscribers.is_empty() {
                topics.subscribers.remove(&self.topic);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_subscriber_of_the_topic_hears_every_event_in_order() {
        let hub = Hub::new(8);
        let (mut first, mut second) = (hub.subscribe("a"), hub.subscribe("a"));
        let mut other = hub.subscribe("b");
        hub.publish(&"a", Arc::new(1), None);
        hub.publish(&"a", Arc::new(2), Some(first.number()));
        hub.publish(&"b", Arc::new(3), None);
        assert_eq!(first.next().await.as_deref(), Some(&1));
        assert_eq!(second.next().await.as_deref(), Some(&1));
        assert_eq!(second.next().await.as_deref(), Some(&2));
        assert_eq!(other.next().await.as_deref(), Some(&3));
        assert!(first.events.try_recv().is_err(), "the sender does not hear itself");
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_cut_and_the_others_go_on() {
        let hub = Hub::new(2);
        let (mut slow, mut quick) = (hub.subscribe("a"), hub.subscribe("a"));
        for number in 0..3 {
            hub.publish(&"a", Arc::new(number), None);
            assert_eq!(quick.next().await.as_deref(), Some(&number));
        }
        assert_eq!(slow.next().await.as_deref(), Some(&0));
        assert_eq!(slow.next().await.as_deref(), Some(&1));
        assert_eq!(slow.next().await, None);
    }

    #[test]
    fn a_topic_without_subscribers_takes_no_memory() {
        let hub: Hub<&str, ()> = Hub::new(1);
        drop(hub.subscribe("a"));
        assert!(hub.lock().subscribers.is_empty());
    }
}
