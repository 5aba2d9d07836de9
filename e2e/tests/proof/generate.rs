//! Workloads, each made of a seed.

use chassis::ids::Random;
use serde_json::{Value, json};

/// The lines of a workload, each of which is one of a workload file.
pub(crate) type Lines = Vec<Value>;

/// Any outcome will do: what comes of it is judged by others.
const ANY: [&str; 4] = ["COMPLETED", "REJECTED", "CANCELLED", "SHIPPED"];

/// Who may do what at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One line after the other, and no cancel that could race with anything.
    Sequential,
    /// Many at a time, over the same few products and the credit of the same few customers.
    Concurrent,
}

/// The workload of a seed.
pub(crate) fn lines(seed: u64, kind: Kind) -> Lines {
    let mut maker = Maker { random: Random::seeded(seed), kind, orders: 0 };
    let (customers, products) = (2 + maker.below(2), 2 + maker.below(3));
    let mut lines: Lines = (0..customers).map(|n| maker.customer(n)).collect();
    lines.extend((0..products).map(|n| maker.product(n)));
    let count = match kind {
        Kind::Sequential => 6 + maker.below(7),
        Kind::Concurrent => 12 + maker.below(13),
    };
    let steps: Vec<_> = (0..count).map(|_| maker.step(customers, products)).collect();
    match kind {
        Kind::Sequential => {
            lines.push(barrier());
            lines.extend(steps.into_iter().flat_map(|step| [step, barrier()]));
        }
        Kind::Concurrent => {
            lines.push(barrier());
            lines.extend(steps);
            lines.push(barrier());
        }
    }
    lines
}

/// The file that they are.
pub(crate) fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn barrier() -> Value {
    json!({"barrier": true})
}

fn money(amount: u64, currency: &str) -> Value {
    json!({"amount": amount, "currency": currency})
}

/// The currency of every product.
const EUR: &str = "EUR";

struct Maker {
    random: Random,
    kind: Kind,
    orders: u64,
}

impl Maker {
    fn below(&self, end: u64) -> u64 {
        self.random.next_u64() % end
    }

    fn one_in(&self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    /// Most have credit for a few orders; some order in another currency than that of their credit.
    fn customer(&self, number: u64) -> Value {
        let limit = self.pick(&[2_000, 5_000, 20_000, 1_000_000]);
        let currency = if number > 0 && self.one_in(8) { "USD" } else { EUR };
        json!({"customer": {"key": format!("c{number}"), "credit_limit": money(limit, currency)}})
    }

    fn product(&self, number: u64) -> Value {
        let (price, on_hand) = (self.pick(&[99, 250, 999, 2_500]), self.pick(&[0, 3, 10, 1_000]));
        json!({"product": {"sku": format!("p{number}"), "unit_price": money(price, EUR), "on_hand": on_hand}})
    }

    fn step(&mut self, customers: u64, products: u64) -> Value {
        let sku = format!("p{}", self.below(products));
        match self.below(12) {
            0 => json!({"price": {"sku": sku, "unit_price": money(self.pick(&[1, 500, 1_999]), EUR)}}),
            1 => {
                let (customer, limit) =
                    (format!("c{}", self.below(customers)), self.pick(&[0, 1_500, 30_000]));
                json!({"limit": {"customer": customer, "credit_limit": money(limit, EUR)}})
            }
            2 => json!({"restock": {"sku": sku, "quantity": 1 + self.below(8)}}),
            _ => self.order(customers, products),
        }
    }

    fn order(&mut self, customers: u64, products: u64) -> Value {
        self.orders += 1;
        let nobody = self.one_in(15);
        let customer = if nobody { "nobody".to_owned() } else { format!("c{}", self.below(customers)) };
        let mut skus: Vec<_> = (0..products).map(|n| format!("p{n}")).collect();
        skus.rotate_left(usize::try_from(self.below(products)).unwrap());
        skus.truncate(usize::try_from(1 + self.below(products.min(3))).unwrap());
        let wanted = |sku: &String| json!({"sku": sku, "quantity": 1 + self.below(5)});
        let items: Vec<_> = skus.iter().map(wanted).collect();
        let mut order = json!({
            "key": format!("o{}", self.orders), "customer": customer, "items": items, "expect": {"status": ANY},
        });
        let changes = self.changes(&skus);
        if !changes.is_empty() {
            order["changes"] = changes.into();
        }
        self.script(&mut order);
        json!({"order": order})
    }

    /// Some orders are changed before they are placed, in a way that leaves something.
    fn changes(&self, skus: &[String]) -> Vec<Value> {
        let wanted = |sku: &String| json!({"sku": sku, "quantity": 1 + self.below(5)});
        match (self.below(6), skus) {
            (0, [first, ..]) => vec![json!({"add": wanted(first)})],
            (1, [.., last]) => vec![json!({"change": wanted(last)})],
            (2, [first, _, ..]) => vec![json!({"remove": {"sku": first}})],
            (3, [first, last, ..]) => {
                vec![
                    json!({"remove": {"sku": last}}),
                    json!({"add": wanted(last)}),
                    json!({"change": wanted(first)}),
                ]
            }
            _ => vec![],
        }
    }

    /// How the systems outside answer, and when it is cancelled.
    fn script(&self, order: &mut Value) {
        let mut set = |name: &str, value: Value| order[name] = value;
        match self.below(14) {
            0 => set("cancel_at", "OPEN".into()),
            1 | 2 => {
                set("carrier", "hold".into());
                set("cancel_at", "APPROVED".into());
            }
            3 => {
                set("payment", "hold".into());
                set("cancel_at", "SHIPPED".into());
            }
            4 => set("carrier", "refuse".into()),
            5 | 6 => {
                set("payment", self.pick(&["decline", "soft-decline"]).into());
                if self.one_in(2) {
                    set("pay_later", true.into());
                }
            }
            7 => set(self.pick(&["carrier", "payment"]), self.pick(&["accept", "hold"]).into()),
            8..=10 if self.kind == Kind::Concurrent => {
                set("cancel_at", self.pick(&["PLACED", "APPROVED", "SHIPPED"]).into());
            }
            _ => {}
        }
    }
}
