use std::time::Duration;

use super::*;

fn key(name: &str) -> Key {
    Key { namespace: "shop".to_owned(), name: name.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_pushed_twice_has_one_turn() {
    let queue = Queue::default();
    queue.push(key("a"));
    queue.push(key("a"));
    assert_eq!(queue.next().await, key("a"));
    assert!(queue.poll(Instant::now()).is_err());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_pushed_during_its_turn_has_the_next_when_that_is_over() {
    let queue = Queue::default();
    queue.push(key("a"));
    let first = queue.next().await;
    queue.push(key("a"));
    assert!(queue.poll(Instant::now()).is_err(), "its turn is not over");
    queue.done(first, None);
    assert_eq!(queue.next().await, key("a"));
}

#[tokio::test(start_paused = true)]
async fn a_later_turn_comes_when_it_is_due_and_a_new_date_replaces_the_old_one() {
    let (queue, began) = (Queue::default(), Instant::now());
    queue.push(key("a"));
    let first = queue.next().await;
    queue.done(first, Some(began + Duration::from_secs(5)));
    queue.push(key("a"));
    let second = queue.next().await;
    queue.done(second, Some(began + Duration::from_secs(9)));
    assert_eq!(queue.next().await, key("a"));
    assert_eq!(began.elapsed().as_secs(), 9);
}
