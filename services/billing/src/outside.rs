//! The systems outside that billing asks, each under a key of its own until it answers: the payment provider and the
//! mail service.

use std::time::Duration;

use chassis::{
    client::{self, Call, HttpClient, Response},
    context::Context,
};
use contracts::{
    OrderId,
    billing::Decline,
    outside::{
        Metadata,
        mail::SendMessage,
        payment::{CARD_DECLINED, Charge, CreateCharge, DeclineCode, Declined},
    },
};
use journal::Entry;

use crate::{
    application::{Answer, Attempt},
    domain::{Bill, payment_key},
};

/// Why it is not known what a system outside did. Asking again under the same key will tell.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// There is no answer, or one that cannot be read.
    #[error("asking {whom}")]
    NoAnswer {
        /// Who was asked.
        whom: &'static str,
        /// Why there is none.
        #[source]
        source: client::Error,
    },
    /// The answer is neither yes nor no.
    #[error("{whom} answered {status} {code}")]
    Unclear {
        /// Who was asked.
        whom: &'static str,
        /// The status.
        status: u16,
        /// The code of the problem, if it was one.
        code: String,
    },
}

impl Unknown {
    /// In words that may be told to anybody: without the address of whoever was asked, and without what they wrote.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::NoAnswer { whom, source } => format!("{whom} did not answer: {}", source.kind()),
            Self::Unclear { whom, status, .. } => format!("{whom} answered {status}"),
        }
    }
}

/// Asks the payment provider.
#[derive(Clone, Debug)]
pub struct Payment {
    client: HttpClient,
    charges: String,
    timeout: Duration,
}

const PAYMENT: &str = "the payment provider";

impl Payment {
    /// The provider at `url`, which is given `timeout` for each answer.
    #[must_use]
    pub fn new(client: HttpClient, url: &str, timeout: Duration) -> Self {
        Self { client, charges: format!("{}/v1/charges", url.trim_end_matches('/')), timeout }
    }

    /// Has it take the money, which it does at most once per attempt however often it is asked. The call is added to
    /// `calls`.
    ///
    /// # Errors
    /// If it is not known whether it did.
    pub async fn charge(
        &self,
        order_id: OrderId,
        attempt: Attempt,
        context: Context,
        calls: &mut Vec<Entry>,
    ) -> Result<Answer, Unknown> {
        let Bill { amount, reference, .. } = attempt.bill;
        let (amount, currency) = (amount.amount(), amount.currency());
        let body = CreateCharge { amount, currency, reference, metadata: Metadata { order_id } };
        let context = context.with_idempotency_key(Some(payment_key(order_id, attempt.number)));
        let asked = async {
            let call = Call::post(&self.charges)
                .to("payment")
                .for_context(&context)
                .within(self.timeout)
                .json(&body)?;
            let (response, noted) = self.client.send_noted(call, "POST /v1/charges").await;
            calls.push(noted);
            let response = response?;
            if response.is_success() {
                return response.json::<Charge>().map(|_| Ok(Answer::Accepted));
            }
            Ok(decline(&response).map(Answer::Declined).ok_or_else(|| unclear(PAYMENT, &response)))
        };
        asked.await.map_err(|source| Unknown::NoAnswer { whom: PAYMENT, source })?
    }
}

/// How the provider refused, if it did.
fn decline(response: &Response) -> Option<Decline> {
    let declined = response.json::<Declined>().ok().filter(|it| it.problem.code == CARD_DECLINED)?;
    Some(match declined.decline_code {
        DeclineCode::Hard => Decline::Hard,
        DeclineCode::Soft => Decline::Soft,
    })
}

/// Asks the mail service.
#[derive(Clone, Debug)]
pub struct Mail {
    client: HttpClient,
    messages: String,
    timeout: Duration,
}

const MAIL: &str = "the mail service";

impl Mail {
    /// The mail service at `url`, which is given `timeout` for each answer.
    #[must_use]
    pub fn new(client: HttpClient, url: &str, timeout: Duration) -> Self {
        Self { client, messages: format!("{}/v1/messages", url.trim_end_matches('/')), timeout }
    }

    /// Has it deliver an invoice, which it does once however often it is asked. The call is added to `calls`.
    ///
    /// # Errors
    /// If it is not known whether it does.
    pub async fn send(
        &self,
        order_id: OrderId,
        bill: Bill,
        context: Context,
        calls: &mut Vec<Entry>,
    ) -> Result<(), Unknown> {
        let body = SendMessage {
            subject: format!("Invoice {order_id}"),
            text: text(order_id, &bill),
            to: bill.bill_to.email,
            reference: bill.reference,
            metadata: Metadata { order_id },
        };
        let context = context.with_idempotency_key(Some(order_id.to_string()));
        let asked = async {
            let call = Call::post(&self.messages)
                .to("mail")
                .for_context(&context)
                .within(self.timeout)
                .json(&body)?;
            let (response, noted) = self.client.send_noted(call, "POST /v1/messages").await;
            calls.push(noted);
            response
        };
        let response = asked.await.map_err(|source| Unknown::NoAnswer { whom: MAIL, source })?;
        if response.is_success() { Ok(()) } else { Err(unclear(MAIL, &response)) }
    }
}

/// What the invoice says.
fn text(order_id: OrderId, bill: &Bill) -> String {
    let Bill { amount, bill_to, at, .. } = bill;
    let (minor, currency) = (amount.amount(), amount.currency());
    format!(
        "Dear {},\n\nfor order {order_id} of {at} you owe {minor} {currency}, in its smallest unit.\n",
        bill_to.name
    )
}

fn unclear(whom: &'static str, response: &Response) -> Unknown {
    let code = response.problem().map(|problem| problem.code).unwrap_or_default();
    Unknown::Unclear { whom, status: response.status.as_u16(), code }
}
