//! A thousand orders with every refusal, every moment of cancelling and every end of a payment.
//!
//! What is expected of each holds however many run at a time, in whatever order: where credit or stock is scarce, customer and product
//! are the orders' own, and a barrier stands between what has to come first and what depends on it. Where two outcomes are possible,
//! both are expected, and nothing that follows depends on which.

use super::line::{Change, Expect, Line, Order, any, eur, item, rejected, usd};

/// How many orders there are.
const ORDERS: usize = 1000;

/// Customers and products that never run out.
const CUSTOMERS: usize = 40;
const PRODUCTS: usize = 20;
const PRICE: u32 = 1299;

/// The file.
pub(super) fn text() -> String {
    let mut file = File::default();
    file.shared();
    file.scarce();
    file.barrier();
    file.refused();
    file.cancelled();
    file.paid_and_unpaid();
    file.contended();
    file.barrier();
    file.after_a_loss();
    file.barrier();
    file.after_a_change();
    file.barrier();
    file.after_all();
    file.plain();
    file.text
}

/// The file so far.
#[derive(Default)]
struct File {
    text: String,
    orders: usize,
    /// Of a linear congruential generator: which shared customer and product comes next.
    random: u64,
}

/// Those whose credit or stock is scarce come in so many copies.
const COPIES: usize = 12;

impl File {
    fn line(&mut self, line: &Line) {
        // A struct of texts and numbers always has a JSON form.
        self.text.push_str(&serde_json::to_string(line).unwrap_or_default());
        self.text.push('\n');
    }

    fn barrier(&mut self) {
        self.line(&Line::Barrier(true));
    }

    fn customer(&mut self, key: String, limit: super::line::Money) {
        self.line(&Line::Customer { key, credit_limit: limit });
    }

    fn product(&mut self, sku: String, price: u32, on_hand: u32) {
        self.line(&Line::Product { sku, unit_price: eur(price), on_hand });
    }

    fn order(&mut self, order: Order) {
        self.orders += 1;
        let key = format!("o{:04}", self.orders);
        self.line(&Line::Order(Order { key, ..order }));
    }

    /// A number below `bound`, the same in every run.
    fn random(&mut self, bound: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % bound
    }

    /// An order of a shared customer, of which `expect` is to come.
    fn of_plenty(&mut self, expect: Expect) -> Order {
        let customer = format!("c{}", self.random(CUSTOMERS));
        let first = self.random(PRODUCTS);
        let mut items = vec![item(format!("p{first}"), 1 + self.random(5) as u32)];
        if self.random(3) == 0 {
            items.push(item(format!("p{}", (first + 1) % PRODUCTS), 1 + self.random(5) as u32));
        }
        Order { customer, items, expect, ..Order::default() }
    }

    /// So many orders of plenty, all with the same script and the same end.
    fn many(&mut self, count: usize, expect: &Expect, script: impl Fn(Order) -> Order) {
        for _ in 0..count {
            let order = self.of_plenty(expect.clone());
            self.order(script(order));
        }
    }

    fn shared(&mut self) {
        (0..CUSTOMERS).for_each(|number| self.customer(format!("c{number}"), eur(1_000_000_000)));
        (0..PRODUCTS)
            .for_each(|number| self.product(format!("p{number}"), 100 + 37 * number as u32, 100_000));
    }

    /// Customers with credit for one order of one product, and products of which there is one.
    fn scarce(&mut self) {
        for copy in 0..COPIES {
            self.customer(format!("poor{copy}"), eur(PRICE));
            self.customer(format!("debtor{copy}"), eur(PRICE));
            self.customer(format!("abroad{copy}"), usd(1_000_000));
            self.product(format!("dear{copy}"), PRICE, 100);
            self.product(format!("gone{copy}"), PRICE, 0);
            self.product(format!("single{copy}"), PRICE, 1);
        }
        self.customer("crowd".to_owned(), eur(10 * PRICE));
        self.product("crowded".to_owned(), PRICE, 10);
        self.product("crowded-on-credit".to_owned(), PRICE, 1000);
    }

    /// Every refusal; by customers and products of which nobody else has anything to say before the next barrier.
    fn refused(&mut self) {
        let of = |customer: String, items| Order { customer, items, ..Order::default() };
        for copy in 0..COPIES {
            let nobody = of(format!("nobody{copy}"), vec![item("p0", 1)]);
            self.order(Order { expect: rejected("UNKNOWN_CUSTOMER"), ..nobody.clone() });
            let expect = any(["REJECTED", "CANCELLED"]).because([Some("UNKNOWN_CUSTOMER"), None]);
            self.order(Order { cancel_at: Some("PLACED"), expect, ..nobody });

            let dear = || item(format!("dear{copy}"), 2);
            let poor = of(format!("debtor{copy}"), vec![dear()]);
            self.order(Order { expect: rejected("INSUFFICIENT_CREDIT"), ..poor.clone() });
            // Credit is asked before stock.
            let and_gone = vec![dear(), item(format!("gone{copy}"), 1)];
            self.order(Order { items: and_gone, expect: rejected("INSUFFICIENT_CREDIT"), ..poor.clone() });
            // It never is approved, so the cancel is never sent.
            self.order(Order {
                cancel_at: Some("APPROVED"),
                expect: rejected("INSUFFICIENT_CREDIT"),
                ..poor.clone()
            });
            let expect = any(["REJECTED", "CANCELLED"]).because([Some("INSUFFICIENT_CREDIT"), None]);
            self.order(Order { cancel_at: Some("PLACED"), expect, ..poor });

            let abroad = of(format!("abroad{copy}"), vec![item("p1", 1)]);
            self.order(Order { expect: rejected("CURRENCY_MISMATCH"), ..abroad });

            let shared = self.of_plenty(rejected("OUT_OF_STOCK"));
            let gone = item(format!("gone{copy}"), 1);
            self.order(Order { items: vec![gone.clone()], ..shared.clone() });
            // All lines or none.
            let both = vec![shared.items[0].clone(), gone.clone()];
            self.order(Order { items: both, ..shared.clone() });
            let expect = any(["REJECTED", "CANCELLED"]).because([Some("OUT_OF_STOCK"), None]);
            self.order(Order { items: vec![gone], cancel_at: Some("PLACED"), expect, ..shared });
        }
        let refused = any(["CANCELLED"]).because([Some("CARRIER_REFUSED")]);
        self.many(30, &refused, |order| Order { carrier: Some("refuse"), ..order });
    }

    /// Every moment of cancelling, alone and with what the systems outside do meanwhile.
    fn cancelled(&mut self) {
        let at = |moment: &'static str| move |order| Order { cancel_at: Some(moment), ..order };
        let cancelled = any(["CANCELLED"]).because([None]);
        let completed = any(["COMPLETED"]);
        let either = any(["CANCELLED", "COMPLETED"]).because([None]);
        self.many(30, &cancelled, at("OPEN"));
        self.many(40, &either, at("PLACED"));
        self.many(40, &either, at("APPROVED"));
        self.many(20, &completed, at("SHIPPED"));

        // The carrier is asked already: the cancel waits for its answer, and loses.
        self.many(30, &completed, |order| Order {
            cancel_at: Some("APPROVED"),
            carrier: Some("hold"),
            ..order
        });
        self.many(10, &either, |order| Order { cancel_at: Some("PLACED"), carrier: Some("hold"), ..order });
        self.many(10, &completed, |order| Order {
            cancel_at: Some("SHIPPED"),
            carrier: Some("hold"),
            ..order
        });
        let reasons = any(["CANCELLED"]).because([None, Some("CARRIER_REFUSED")]);
        self.many(20, &reasons, |order| Order {
            cancel_at: Some("APPROVED"),
            carrier: Some("refuse"),
            ..order
        });
        self.many(10, &reasons, |order| Order {
            cancel_at: Some("PLACED"),
            carrier: Some("refuse"),
            ..order
        });

        self.many(20, &completed, |order| Order {
            cancel_at: Some("SHIPPED"),
            payment: Some("hold"),
            ..order
        });
        self.many(10, &any(["SHIPPED"]), |order| Order {
            cancel_at: Some("SHIPPED"),
            payment: Some("decline"),
            ..order
        });
        let unpaid = any(["CANCELLED", "SHIPPED"]).because([None]);
        self.many(10, &unpaid, |order| Order {
            cancel_at: Some("PLACED"),
            payment: Some("decline"),
            ..order
        });
        self.many(10, &either, |order| Order {
            cancel_at: Some("APPROVED"),
            payment: Some("soft-decline"),
            pay_later: true,
            ..order
        });
    }

    /// Every end of a payment.
    fn paid_and_unpaid(&mut self) {
        let pays = |payment: &'static str| move |order| Order { payment: Some(payment), ..order };
        let later =
            |payment: &'static str| move |order| Order { payment: Some(payment), pay_later: true, ..order };
        self.many(20, &any(["COMPLETED"]), pays("accept"));
        self.many(20, &any(["COMPLETED"]), pays("hold"));
        self.many(20, &any(["SHIPPED"]), pays("decline"));
        self.many(20, &any(["SHIPPED"]), pays("soft-decline"));
        self.many(20, &any(["COMPLETED"]), later("decline"));
        self.many(20, &any(["COMPLETED"]), later("soft-decline"));
        self.many(10, &any(["COMPLETED"]), |order| Order { carrier: Some("hold"), ..order });
        self.many(10, &any(["COMPLETED"]), |order| Order {
            carrier: Some("hold"),
            payment: Some("hold"),
            ..order
        });
        // The whole credit of each, which therefore stays reserved.
        for copy in 0..COPIES {
            let items = vec![item(format!("dear{copy}"), 1)];
            let (customer, expect) = (format!("poor{copy}"), any(["SHIPPED"]));
            self.order(Order { customer, items, payment: Some("decline"), expect, ..Order::default() });
        }
    }

    /// More orders than there is stock or credit for: who is first cannot be known, that not more than there is are served is
    /// what the invariants say.
    fn contended(&mut self) {
        let expect = any(["COMPLETED", "REJECTED"]).because([Some("OUT_OF_STOCK")]);
        self.many(25, &expect, |order| Order { items: vec![item("crowded", 1)], ..order });
        // An unpaid order keeps its credit, so ten get it and the others do not.
        let expect = any(["SHIPPED", "REJECTED"]).because([Some("INSUFFICIENT_CREDIT")]);
        let (customer, items) = ("crowd".to_owned(), vec![item("crowded-on-credit", 1)]);
        self.many(20, &expect, |order| Order {
            customer: customer.clone(),
            items: items.clone(),
            payment: Some("decline"),
            ..order
        });
    }

    /// What was reserved in vain is free again, what is owed is not.
    fn after_a_loss(&mut self) {
        for copy in 0..COPIES {
            // All that the debtor may owe, for the only piece: in vain, since the carrier refuses.
            let items = vec![item(format!("single{copy}"), 1)];
            let debtor = Order { customer: format!("debtor{copy}"), items, ..Order::default() };
            let expect = any(["CANCELLED"]).because([Some("CARRIER_REFUSED")]);
            self.order(Order { carrier: Some("refuse"), expect, ..debtor });

            let items = vec![item(format!("dear{copy}"), 1)];
            let poor = Order { customer: format!("poor{copy}"), items, ..Order::default() };
            self.order(Order { expect: rejected("INSUFFICIENT_CREDIT"), ..poor });
        }
        let none_left = rejected("OUT_OF_STOCK");
        self.many(5, &none_left, |order| Order { items: vec![item("crowded", 1)], ..order });
        for copy in 0..COPIES {
            self.line(&Line::Restock { sku: format!("gone{copy}"), quantity: 1 });
        }
    }

    /// Prices go up and limits with them; what was sold out is there again.
    fn after_a_change(&mut self) {
        for copy in 0..COPIES {
            let items = vec![item(format!("single{copy}"), 1)];
            let customer = format!("debtor{copy}");
            self.order(Order { customer, items, expect: any(["COMPLETED"]), ..Order::default() });

            let shared = self.of_plenty(any(["COMPLETED"]));
            self.order(Order { items: vec![item(format!("gone{copy}"), 1)], ..shared });
        }
        self.barrier();
        for copy in 0..COPIES {
            self.line(&Line::Price { sku: format!("dear{copy}"), unit_price: eur(PRICE + 1) });
            // For what is owed, and for one more at the new price.
            self.line(&Line::Limit { customer: format!("poor{copy}"), credit_limit: eur(2 * PRICE + 1) });
        }
        self.barrier();
        for copy in 0..COPIES {
            let items = vec![item(format!("dear{copy}"), 1)];
            let customer = format!("debtor{copy}");
            let debtor = Order { customer, items: items.clone(), ..Order::default() };
            self.order(Order { expect: rejected("INSUFFICIENT_CREDIT"), ..debtor });
            let poor = Order { customer: format!("poor{copy}"), items, ..Order::default() };
            self.order(Order { expect: any(["COMPLETED"]), ..poor });
        }
    }

    /// Orders whose lines change before they are placed.
    fn after_all(&mut self) {
        for number in 0..60 {
            let order = self.of_plenty(any(["COMPLETED"]));
            let sku = order.items[0].sku.clone();
            let other = format!("p{}", (number + 7) % PRODUCTS);
            let changes = match number % 4 {
                0 => vec![Change::Add(item(sku, 2))],
                1 => vec![Change::Set(item(sku, 7))],
                2 => vec![Change::Add(item(other, 3)), Change::Set(item(sku, 1))],
                _ => vec![Change::Add(item(other, 3)), Change::Remove { sku }],
            };
            self.order(Order { changes, ..order });
        }
    }

    /// As many as are left, with nothing special about them.
    fn plain(&mut self) {
        let left = ORDERS.saturating_sub(self.orders);
        self.many(left, &any(["COMPLETED"]), |order| order);
    }
}
