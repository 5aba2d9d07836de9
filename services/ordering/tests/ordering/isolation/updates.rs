//! Several who write at a time.

use chassis::client::Call;
use contracts::ordering::{Order, OrderStatus, Reason};
use serde_json::json;

use crate::support::{Answer, Ask, World, in_both_styles, refusal, with};

mod of_orders {
    use super::*;

    in_both_styles! { lost_update, two_cancels_at_once, pay_while_a_charge_is_in_doubt }

    /// *One overwrites what the other wrote without having seen it.*
    ///
    /// An order is changed by one transaction at a time, each of which decides on what it has loaded; the row says which
    /// version that was (`UPDATE … WHERE version`). A client that decides on what it has read says so by `If-Match`.
    async fn lost_update(world: World) {
        let order = world.create(&[("TEA", 1)]).await;
        // What adds up, adds up.
        let add = || {
            let body = json!({"sku": "TEA", "quantity": 1});
            world.send(world.post(&format!("/v1/orders/{}/items", order.id), &body))
        };
        let (first, second, third) = tokio::join!(add(), add(), add());
        assert!([first, second, third].iter().all(|response| response.status == 200));
        let order = world.show(&order).await;
        assert_eq!(order.items[0].quantity.get(), 4);
        // Of two who have seen the same version, one is told that there is another.
        let set = |quantity: i64| {
            let url = world.url(&format!("/v1/orders/{}/items/TEA", order.id));
            let call = Call::put(url).json(&json!({"quantity": quantity})).unwrap();
            world.send(with(call, "if-match", &format!("\"{}\"", order.version)))
        };
        let (five, six) = tokio::join!(set(5), set(6));
        let (done, refused, quantity) = if five.status == 200 { (five, six, 5) } else { (six, five, 6) };
        assert_eq!(done.status, 200);
        assert_eq!(refusal(&refused), (412, "PRECONDITION_FAILED".to_owned()));
        assert_eq!(world.show(&order).await.items[0].quantity.get(), quantity);
    }

    /// *Two clients undo the same order.*
    ///
    /// The first cancel is the move to `CANCEL_PENDING`, with which the saga turns round in the same transaction; the
    /// second finds it done, which is no error. There is one chain of undoing.
    async fn two_cancels_at_once(world: World) {
        for held in [Ask::ReserveCredit, Ask::ReserveStock, Ask::Ship] {
            world.peers.hold(held);
            let order = world.placed().await;
            world.peers.until_asked(held, world.peers.asked(held).len().max(1)).await;
            let key = order.id.to_string();
            let (first, second) = tokio::join!(
                world.send(with(world.cancel(&order), "idempotency-key", &key)),
                world.send(world.cancel(&order))
            );
            assert!(first.is_success() && second.is_success(), "{first:?} {second:?}");
            world.peers.let_go(held);
            let cancelled = world.until_in(&order, OrderStatus::Cancelled).await;
            assert_eq!(world.until_at_rest(&order).await, cancelled);
            for ask in Ask::BACK {
                let asked = world.peers.asked(ask).into_iter().filter(|asked| asked.order == order.id);
                assert_eq!(asked.count(), 1, "{ask:?}");
            }
        }
    }

    /// *A client pays while nobody knows whether the money was collected already.*
    ///
    /// Billing makes one attempt at a time and repeats one whose result is unknown under its own key; its tests show that
    /// the money is collected once. What comes of it may reach ordering in any order and more than once: a payment counts
    /// whatever was heard before, a refusal only while nothing was, and credit is settled once.
    async fn pay_while_a_charge_is_in_doubt(world: World) {
        use contracts::billing::Reply::{InvoicePaid, InvoiceUnpaid};
        for told in [
            vec![InvoiceUnpaid, InvoicePaid],
            vec![InvoicePaid, InvoiceUnpaid],
            vec![InvoiceUnpaid, InvoiceUnpaid, InvoicePaid, InvoicePaid, InvoiceUnpaid],
        ] {
            world.peers.hold(Ask::Bill);
            world.peers.answer(Ask::Bill, Answer::unpaid());
            let order = world.placed().await;
            world.until_in(&order, OrderStatus::Shipped).await;
            let settled = world.peers.asked(Ask::SettleCredit).len();
            for reply in &told {
                world.peers.tell(order.id, reply.clone()).await;
            }
            let completed = world.until_in(&order, OrderStatus::Completed).await;
            world.peers.let_go(Ask::Bill);
            assert_eq!(world.until_at_rest(&order).await, completed, "told {told:?}");
            assert_eq!(world.peers.asked(Ask::SettleCredit).len(), settled + 1);
        }
    }
}

mod of_what_orders_share {
    use super::*;
    use crate::support::House;

    in_both_styles! { House: lost_update }

    /// *Two orders take the last of something.*
    ///
    /// Credit and stock are counted where they are kept, each in the transaction that sets some aside, and what is set
    /// aside is written down per order. Constraints of the tables refuse what would be too much.
    async fn lost_update(house: House) {
        house.product("TEA", 100, 3).await;
        let (ada, bob) = (house.customer(1_000).await, house.customer(150).await);
        // Bob has credit for one of these, and for both of Ada's there is not enough tea.
        let orders = [
            house.order(bob, "TEA", 1).await,
            house.order(bob, "TEA", 1).await,
            house.order(ada, "TEA", 2).await,
            house.order(ada, "TEA", 2).await,
        ];
        let place = |order| house.send(house.place(order));
        tokio::join!(place(&orders[0]), place(&orders[1]), place(&orders[2]), place(&orders[3]));
        house.until_at_rest().await;
        let [one, two, three, four] = [
            house.show(&orders[0]).await,
            house.show(&orders[1]).await,
            house.show(&orders[2]).await,
            house.show(&orders[3]).await,
        ];
        assert_eq!(
            ended(&[one, two]),
            [(OrderStatus::Completed, None), (OrderStatus::Rejected, Some(Reason::InsufficientCredit))]
        );
        assert_eq!(
            ended(&[three, four]),
            [(OrderStatus::Completed, None), (OrderStatus::Rejected, Some(Reason::OutOfStock))]
        );
        let tea = house.show_product("TEA").await;
        assert_eq!((tea.on_hand.get(), tea.reserved.get()), (0, 0));
        for customer in [ada, bob] {
            assert_eq!(house.show_customer(customer).await.credit_reserved.amount(), 0);
        }
    }

    /// How the orders ended, the completed first.
    fn ended(orders: &[Order]) -> Vec<(OrderStatus, Option<Reason>)> {
        let mut ended: Vec<_> = orders.iter().map(|order| (order.status, order.reason)).collect();
        ended.sort();
        ended
    }
}
