//! What a style can still do while one of its services is away.
//!
//! Nothing here is a matter of speed, so it runs on a clock of its own: the real system on one thread, its connections in
//! memory, its files on the disk, and time that passes when there is nothing to do. The figures are the same on every machine.

use std::{fs, path::Path, time::Duration};

use chassis::{platform::Platform, retention::Retention, telemetry::LogHandle};
use contracts::{
    OrderId, Style,
    customers::RegisterCustomer,
    ordering::{AddItem, CreateOrder, Order},
    raw::{RawAddress, RawMoney},
    warehouse::AddProduct,
};
use database::Clock;
use switchyard::{
    remote::{self, Api, GatewayArgs},
    up::{self, Up},
};
use tokio::time::{Instant, sleep};

use crate::{Failure, report::Row};

/// Orders that are tried while a service is away, one after the other.
const ORDERS: u32 = 40;

/// How long after one the next is tried: a service is away for 10 s.
const PAUSE: Duration = Duration::from_millis(250);

/// How long after a service is back an order may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often orders are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Which services are taken away, each by itself.
const SERVICES: [&str; 7] =
    ["ordering", "customers", "warehouse", "shipping", "billing", "views", "simulators"];

/// When the clock begins, in microseconds since the Unix epoch.
const BEGINNING: i64 = 2_000_000_000_000_000;

/// What became of the orders that were tried while a service was away.
struct Seen {
    style: Style,
    service: &'static str,
    accepted: usize,
    /// Of those that were accepted: the ones that were at their outcome before the service was back.
    meanwhile: usize,
    /// Of those that were accepted: the ones that came to their outcome.
    in_the_end: usize,
    /// From when the service was back until the last of them had.
    caught_up: Duration,
}

/// Takes each service away in each style, and prints what part of the orders was accepted and came to its outcome.
pub(crate) fn run(json: Option<&Path>) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for style in Style::ALL {
        for service in SERVICES {
            // A runtime of its own: whatever the system before has left behind ends with it.
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
            seen.extend(runtime.block_on(measure(style, service))?);
        }
    }
    say(&table(&seen));
    if let Some(file) = json {
        let rows: Vec<Row> = seen.iter().flat_map(Seen::rows).collect();
        fs::write(file, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

/// `None` if the style has no such service.
async fn measure(style: Style, service: &'static str) -> Result<Option<Seen>, Failure> {
    let began = Instant::now();
    let clock = Clock::new(move || {
        BEGINNING + i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX - BEGINNING)
    });
    let platform = Platform::simulated(1, clock);
    let data = tempfile::tempdir()?;
    let args = up::Args {
        styles: vec![style],
        default_style: None,
        data_dir: data.path().to_owned(),
        port: 8080,
        admin_port: 8081,
        ephemeral: false,
        demo: false,
        demo_rate: 1.0,
    };
    let started = Up::start(&args, Retention::default(), platform.clone(), LogHandle::detached());
    let mut up = Box::pin(started).await?;
    let gateway = GatewayArgs::default().connect(&platform);
    let api = gateway.api(Some(style), platform.random(), Duration::ZERO);

    // Everybody has heard of the customer and the product, and a first order is through.
    let shop = Shop::open(&api).await?;
    let first = shop.order(&api).await?;
    until_outcome(&api, &[first]).await;

    if !up.take_away(style, service).await {
        Box::pin(up.stop()).await;
        return Ok(None);
    }
    let mut accepted = Vec::new();
    for _ in 0..ORDERS {
        accepted.extend(shop.order(&api).await.ok());
        sleep(PAUSE).await;
    }
    let meanwhile = at_outcome(&api, &accepted).await;
    up.bring_back(style, service)?;
    let back = Instant::now();
    let in_the_end = until_outcome(&api, &accepted).await;
    let caught_up = back.elapsed();
    Box::pin(up.stop()).await;
    Ok(Some(Seen { style, service, accepted: accepted.len(), meanwhile, in_the_end, caught_up }))
}

/// One customer with much credit, and one product of which there is enough.
struct Shop {
    order: CreateOrder,
}

impl Shop {
    async fn open(api: &Api) -> Result<Self, remote::Error> {
        let money = |amount| RawMoney { amount, currency: "EUR".to_owned() };
        let (line1, postal_code) = ("Market Square 1".to_owned(), "10115".to_owned());
        let address = RawAddress { line1, postal_code, city: "Berlin".to_owned(), country: "DE".to_owned() };
        let (name, email) = ("Ada".to_owned(), "ada@example.org".to_owned());
        let customer = RegisterCustomer { name, email, address, credit_limit: money(100_000_000) };
        let customer = api.register_customer(&api.begin(), &customer).await?;
        let (sku, name) = ("TEA".to_owned(), "Tea".to_owned());
        let product = AddProduct { sku: sku.clone(), name, unit_price: money(100), on_hand: 100_000 };
        api.add_product(&api.begin(), &product).await?;
        let items = vec![AddItem { sku, quantity: 1 }];
        let order =
            CreateOrder { customer_id: customer.id.to_string(), items, reference: None, place: false };
        Ok(Self { order })
    }

    /// Begins an order and places it, without waiting for what becomes of it.
    async fn order(&self, api: &Api) -> Result<OrderId, remote::Error> {
        let context = api.begin();
        let order = api.create_order(&context, &self.order).await?;
        Ok(api.place(&context, order.id).await?.id)
    }
}

/// How many of these orders are at their outcome.
async fn at_outcome(api: &Api, orders: &[OrderId]) -> usize {
    let mut count = 0;
    for order in orders {
        let is_final = |order: Order| order.status.is_final();
        count += usize::from(api.bare_order(*order).await.is_ok_and(is_final));
    }
    count
}

/// Waits until all are, or no longer.
async fn until_outcome(api: &Api, orders: &[OrderId]) -> usize {
    let began = Instant::now();
    loop {
        let count = at_outcome(api, orders).await;
        if count == orders.len() || began.elapsed() > PATIENCE {
            return count;
        }
        sleep(LOOK).await;
    }
}

impl Seen {
    fn rows(&self) -> [Row; 3] {
        let name = |what: &str| format!("`{}` without {}, {what}", self.style, self.service);
        let part = |count: usize, of: usize| if of == 0 { 0.0 } else { 100.0 * count as f64 / of as f64 };
        [
            Row::new(name("orders accepted"), part(self.accepted, ORDERS as usize), "%"),
            Row::new(name("at their outcome meanwhile"), part(self.meanwhile, self.accepted), "%"),
            Row::new(name("at their outcome in the end"), part(self.in_the_end, self.accepted), "%"),
        ]
    }

    /// As one cell of the table.
    fn cell(&self) -> String {
        let Self { accepted, meanwhile, in_the_end, caught_up, .. } = self;
        match accepted {
            0 => "none".to_owned(),
            _ => format!("{accepted} → {meanwhile} → {in_the_end}, {:.1} s", caught_up.as_secs_f64()),
        }
    }
}

/// Services by styles: of 40 orders, those accepted → at their outcome meanwhile → in the end, and how long that took.
fn table(seen: &[Seen]) -> String {
    let head = Style::ALL.map(|style| format!(" {style} |")).concat();
    let mut text = format!(
        "Of {ORDERS} orders tried within 10 s while one service is away: accepted → at their outcome meanwhile → in the \
         end, and the time from its return until then.\n\n| away |{head}\n|---|{}\n",
        "---|".repeat(Style::ALL.len())
    );
    for service in SERVICES {
        let cell = |style: Style| {
            let found = seen.iter().find(|it| it.service == service && it.style == style);
            format!(" {} |", found.map_or_else(|| "–".to_owned(), Seen::cell))
        };
        text.push_str(&format!("| {service} |{}\n", Style::ALL.map(cell).concat()));
    }
    text
}

#[expect(clippy::print_stdout, reason = "a command's own output")]
fn say(line: &str) {
    println!("{line}");
}
