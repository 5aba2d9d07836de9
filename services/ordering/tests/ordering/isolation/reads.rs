//! One who reads while others write.

use contracts::ordering::{OrderStatus, Reason};
use serde_json::json;

use crate::support::{Answer, Ask, House, World, in_both_styles, refusal};

mod of_services {
    use super::*;

    in_both_styles! { House: dirty_read, fuzzy_read }

    /// *Somebody acts on what is undone later.*
    ///
    /// A final status is written last: who reads REJECTED or CANCELLED finds everything given back, and who reads
    /// COMPLETED finds the stock gone and the credit free. Until then the status is one that says that it is undecided.
    /// (That credit is set aside for an order that will be rejected can cost another order its credit. That is no error:
    /// it *is* set aside.)
    async fn dirty_read(house: House) {
        house.product("TEA", 100, 1).await;
        house.product("CUP", 100, 0).await;
        let ada = house.customer(100).await;
        // The goods go first, so that the second order is out of stock: it has credit, and has to give it back.
        for (sku, ended, on_hand) in [
            ("CUP", OrderStatus::Rejected, 0),
            ("TEA", OrderStatus::Completed, 0),
            ("TEA", OrderStatus::Rejected, 0),
        ] {
            let order = house.order(ada, sku, 1).await;
            house.send(house.place(&order)).await;
            let mut statuses = Vec::new();
            loop {
                let seen = house.show(&order).await;
                if statuses.last() != Some(&seen.status) {
                    statuses.push(seen.status);
                }
                if seen.status.is_final() {
                    // Asked after the order was read, and nobody else is about: it was so already.
                    let (customer, product) = (house.show_customer(ada).await, house.show_product(sku).await);
                    assert_eq!(customer.credit_reserved.amount(), 0, "{statuses:?}");
                    assert_eq!((product.on_hand.get(), product.reserved.get()), (on_hand, 0), "{statuses:?}");
                    assert_eq!(seen.status, ended);
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_micros(100)).await;
            }
            assert!(statuses.iter().rev().skip(1).all(|status| !status.is_final()), "{statuses:?}");
        }
    }

    /// *The same thing read twice is another the second time.*
    ///
    /// What an order needs of others is copied into it when it is first asked for (reread nothing): names and prices into
    /// its lines, the address with the credit. So it costs what its client saw, and is billed what its credit was
    /// reserved for.
    async fn fuzzy_read(house: House) {
        house.product("TEA", 100, 10).await;
        let ada = house.customer(1_000).await;
        let order = house.order(ada, "TEA", 2).await;
        house.reprice("TEA", 999).await;
        let add =
            house.post(&format!("/v1/orders/{}/items", order.id), &json!({"sku": "TEA", "quantity": 1}));
        assert_eq!(house.send(add).await.status, 200);
        house.reprice("TEA", 5).await;
        house.send(house.place(&order)).await;
        let order = house.until_in(&order, OrderStatus::Completed).await;
        house.until_at_rest().await;
        assert_eq!(order.total.unwrap().amount(), 300);
        let charges = house.ledger("payment", &order).await;
        assert_eq!(charges.iter().map(|charge| charge.amount.unwrap().amount()).collect::<Vec<_>>(), [300]);
        assert_eq!(house.invoice(&order).await.unwrap().amount.amount(), 300);
        assert_eq!(
            house.order(ada, "TEA", 1).await.total.unwrap().amount(),
            5,
            "the next one costs what it costs now"
        );
    }
}

mod of_orders {
    use super::*;

    in_both_styles! { dirty_read, fuzzy_read }

    /// *Somebody reads a rejection whose undoing is still under way.*
    ///
    /// The order stays where it is until the undoing is done.
    async fn dirty_read(world: World) {
        world.peers.answer(Ask::ReserveStock, Answer::out_of_stock());
        world.peers.hold(Ask::ReleaseCredit);
        let order = world.placed().await;
        world.peers.until_asked(Ask::ReleaseCredit, 2).await;
        let undecided = world.show(&order).await;
        assert_eq!((undecided.status, undecided.reason), (OrderStatus::CreditConfirmed, None));
        world.peers.let_go(Ask::ReleaseCredit);
        let rejected = world.until_in(&order, OrderStatus::Rejected).await;
        assert_eq!(rejected.reason, Some(Reason::OutOfStock));
    }

    /// *An order changes between two steps of its saga.*
    ///
    /// The semantic lock: outside OPEN the only command let through is cancel, so each step is asked about the same lines
    /// as the one before.
    async fn fuzzy_read(world: World) {
        world.peers.hold(Ask::ReserveStock);
        let order = world.placed().await;
        world.until_in(&order, OrderStatus::CreditConfirmed).await;
        let add =
            world.post(&format!("/v1/orders/{}/items", order.id), &json!({"sku": "CUP", "quantity": 1}));
        assert_eq!(refusal(&world.send(add).await), (409, "ORDER_LOCKED".to_owned()));
        world.peers.let_go(Ask::ReserveStock);
        let completed = world.until_in(&order, OrderStatus::Completed).await;
        assert_eq!((completed.items, completed.total), (order.items, order.total));
    }
}
