//! Reading a whole workload, and everything that is wrong with it.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use contracts::Sku;

use super::{Change, Key, NewOrder, Outcome, Step, line::check_sku};
use crate::failure::Failure;

/// The most lines that an order may have.
const MOST_ITEMS: usize = 100;

/// A file that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Its lines, blank ones left out.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What to do.
    pub step: Step,
}

impl Workload {
    /// How many orders there are.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.step, Step::Order(_))).count()
    }

    /// How many lines there are that do something, barriers left out.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.lines.iter().filter(|line| !matches!(line.step, Step::Barrier(_))).count()
    }

    /// The lines up to each barrier, which is the last of them; and those after the last barrier.
    pub fn segments(&self) -> impl Iterator<Item = &[Line]> {
        self.lines.split_inclusive(|line| matches!(line.step, Step::Barrier(_)))
    }

    /// Whether running it takes an admin port: for scripts and for barriers.
    #[must_use]
    pub fn needs_admin(&self) -> bool {
        self.lines.iter().any(|line| match &line.step {
            Step::Barrier(_) => true,
            Step::Order(order) => order.carrier.is_some() || order.payment.is_some() || order.pay_later,
            _ => false,
        })
    }
}

/// A line that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub number: usize,
    /// What is wrong with it, or what was expected.
    pub what: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, self.what)
    }
}

/// Every line of a file that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadWorkload(pub Vec<BadLine>);

impl BadWorkload {
    /// The failure that these lines of `file` are.
    #[must_use]
    pub fn of(&self, file: &str) -> Failure {
        let lines: String = self.0.iter().map(|line| format!("\n  {line}")).collect();
        Failure::usage(format!("{file} makes no sense:{lines}"))
            .advise("Nothing was sent. `samples/` has files to learn from.")
    }
}

/// Reads a whole file.
///
/// # Errors
/// Every line that makes no sense.
pub fn read(text: &str) -> Result<Workload, BadWorkload> {
    let mut bad = Vec::new();
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        match parse(text) {
            Ok(step) => lines.push(Line { number, step }),
            Err(what) => bad.push(BadLine { number, what }),
        }
    }
    bad.extend(Checker::of(&lines).check(&lines, bad.is_empty()));
    bad.sort_by_key(|line| line.number);
    if bad.is_empty() && lines.is_empty() {
        bad.push(BadLine { number: 1, what: "expected a JSON object; the file is empty".to_owned() });
    }
    if bad.is_empty() { Ok(Workload { lines }) } else { Err(BadWorkload(bad)) }
}

fn parse(text: &str) -> Result<Step, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let step = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let (path, what) = (error.path().to_string(), without_line(error.inner()));
        if path == "." { what } else { format!("{path}: {what}") }
    })?;
    deserializer
        .end()
        .map_err(|_| "expected one JSON object with one field, and nothing after it".to_owned())?;
    Ok(step)
}

/// An error's text; every line is parsed by itself, so that it is always "line 1".
fn without_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column")
}

/// What the file defines, and where.
struct Checker<'a> {
    customers: HashMap<&'a Key, usize>,
    products: HashMap<&'a Sku, usize>,
    orders: HashMap<&'a Key, usize>,
}

impl<'a> Checker<'a> {
    /// The first definitions of all names.
    fn of(lines: &'a [Line]) -> Self {
        let mut checker =
            Self { customers: HashMap::new(), products: HashMap::new(), orders: HashMap::new() };
        for Line { number, step } in lines {
            match step {
                Step::Customer(customer) => drop(checker.customers.entry(&customer.key).or_insert(*number)),
                Step::Product(product) => drop(checker.products.entry(&product.sku).or_insert(*number)),
                Step::Order(order) => drop(checker.orders.entry(&order.key).or_insert(*number)),
                _ => {}
            }
        }
        checker
    }

    /// Everything wrong with lines that are well-formed. Names are only missed if all lines are: one that is not may define them.
    fn check(&self, lines: &[Line], all_well_formed: bool) -> Vec<BadLine> {
        let mut bad = Vec::new();
        for line in lines {
            let mut found = self.check_line(line);
            found.retain(|problem| all_well_formed || !problem.missing);
            bad.extend(found.into_iter().map(|problem| BadLine { number: line.number, what: problem.what }));
        }
        bad
    }

    fn check_line(&self, Line { number, step }: &Line) -> Vec<Problem> {
        let problems = match step {
            Step::Customer(customer) => {
                vec![defined_once("customer", &customer.key, self.customers[&customer.key], *number)]
            }
            Step::Product(product) => vec![
                defined_once("product", &product.sku, self.products[&product.sku], *number),
                check_sku(&product.sku).err().map(Problem::wrong),
            ],
            Step::Price(price) => vec![self.product(&price.sku, *number)],
            Step::Restock(restock) => vec![self.product(&restock.sku, *number)],
            Step::Limit(limit) => {
                vec![known("customer", &limit.customer, self.customers.get(&limit.customer), *number)]
            }
            Step::Barrier(true) => vec![],
            Step::Barrier(false) => vec![Some(Problem::wrong("a barrier is `true`"))],
            Step::Order(order) => self.check_order(order, *number),
        };
        problems.into_iter().flatten().collect()
    }

    fn check_order(&self, order: &NewOrder, number: usize) -> Vec<Option<Problem>> {
        let skus = order.items.iter().map(|item| &item.sku).chain(order.changes.iter().map(Change::sku));
        let skus: HashSet<_> = skus.collect();
        let mut problems: Vec<_> = skus.into_iter().map(|sku| self.product(sku, number)).collect();
        problems.push(defined_once("order", &order.key, self.orders[&order.key], number));
        problems.push(self.customer_of(order, number));
        problems.push(order.expect.check().err().map(Problem::wrong));
        problems.push(check_items(order).err().map(Problem::wrong));
        problems
    }

    fn product(&self, sku: &Sku, number: usize) -> Option<Problem> {
        known("product", sku, self.products.get(sku), number)
    }

    /// An order of nobody can be told from a misspelt key by what is expected of it.
    fn customer_of(&self, order: &NewOrder, number: usize) -> Option<Problem> {
        let doomed = |outcome: &Outcome| matches!(outcome, Outcome::Rejected | Outcome::Cancelled);
        match self.customers.get(&order.customer) {
            None if order.expect.status.iter().any(doomed) => None,
            None => Some(Problem {
                missing: true,
                what: format!(
                    "no line registers the customer `{}`; an order of nobody is expected to be REJECTED",
                    order.customer
                ),
            }),
            defined => known("customer", &order.customer, defined, number),
        }
    }
}

/// Something wrong with a line.
struct Problem {
    what: String,
    /// Whether it is that another line is missing.
    missing: bool,
}

impl Problem {
    fn wrong(what: impl Into<String>) -> Self {
        Self { what: what.into(), missing: false }
    }
}

fn defined_once(kind: &str, name: &impl fmt::Display, first: usize, here: usize) -> Option<Problem> {
    (first != here).then(|| Problem::wrong(format!("the {kind} `{name}` is in line {first} already")))
}

fn known(kind: &str, name: &impl fmt::Display, defined: Option<&usize>, here: usize) -> Option<Problem> {
    match defined {
        Some(line) if *line < here => None,
        Some(line) => Some(Problem::wrong(format!("the {kind} `{name}` comes only in line {line}"))),
        None => Some(Problem { what: format!("no line adds the {kind} `{name}`"), missing: true }),
    }
}

/// Whether an order's changes can be made one after the other, and leave something to place.
fn check_items(order: &NewOrder) -> Result<(), String> {
    let mut skus: HashSet<_> = order.items.iter().map(|item| &item.sku).collect();
    for change in &order.changes {
        let sku = change.sku();
        match change {
            Change::Add(_) => drop(skus.insert(sku)),
            Change::Change(_) if skus.contains(sku) => {}
            Change::Remove(_) if skus.remove(sku) => {}
            Change::Change(_) | Change::Remove(_) => {
                return Err(format!("the order has no `{sku}` that could be changed or removed"));
            }
        }
    }
    match skus.len() {
        0 => Err("the order has nothing in it to place".to_owned()),
        1..=MOST_ITEMS => Ok(()),
        _ => Err(format!("an order has at most {MOST_ITEMS} lines")),
    }
}
