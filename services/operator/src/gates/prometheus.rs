//! What a query yields is not above a bound.

use http::{Request, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use rollout::{Colour, Prometheus, observed::Answer};
use serde::Deserialize;
use tokio::time::Duration;

use super::asking::Asked;
use crate::fetch::{Reply, Unanswered};

/// How often it is asked.
const PERIOD: Duration = Duration::from_secs(5);

/// How long an answer may take: less than until the next question.
const TIMEOUT: Duration = Duration::from_secs(4);

/// A single number is far shorter, and thousands of series need not be read to know that they are several.
const ANSWER_BYTES: usize = 256 * 1024;

pub(super) async fn run(asked: &Asked, declared: &Prometheus) {
    asked.every(PERIOD, || ask(asked, declared)).await;
}

async fn ask(asked: &Asked, declared: &Prometheus) -> Answer {
    let Some(uri) = question(declared, asked.to) else {
        return Answer::Unknown(format!("`{}` is no address", declared.url));
    };
    if !asked.means.ways.hosts.allow(&uri) {
        let host = uri.host().unwrap_or_default();
        return Answer::Unknown(format!("the operator does not allow {host}; see its option --gate-hosts"));
    }
    let Ok(request) = Request::get(uri).header("accept", "application/json").body(Full::<Bytes>::default())
    else {
        return Answer::Unknown(format!("`{}` cannot be asked", declared.url));
    };
    judge(asked.means.fetch.send(request, TIMEOUT, ANSWER_BYTES).await, &declared.max)
}

/// An instant query, as of now, in Prometheus' HTTP API.
fn question(declared: &Prometheus, to: Colour) -> Option<Uri> {
    let query = declared.query.replace("$(color)", to.label());
    let query = serde_html_form::to_string([("query", query)]).ok()?;
    format!("{}/api/v1/query?{query}", declared.url.trim_end_matches('/')).parse().ok()
}

fn judge(answer: Result<Reply, Unanswered>, max: &str) -> Answer {
    let Ok(most) = max.parse::<f64>() else {
        return Answer::Unknown(format!("`{max}` is no number"));
    };
    match answer.map_err(|error| error.to_string()).and_then(|reply| number(&reply)) {
        Ok(number) if number.is_nan() => Answer::Unknown("the query yields NaN".to_owned()),
        Ok(number) if number > most => Answer::Bad(format!("the query yields {number}, more than {max}")),
        Ok(_) => Answer::Good,
        Err(why) => Answer::Unknown(why),
    }
}

/// The one number that an answer has, or why it has not.
fn number(reply: &Reply) -> Result<f64, String> {
    let answer: Envelope = serde_json::from_slice(&reply.body)
        .map_err(|_| format!("Prometheus answers {} and not in its API's form", reply.status.as_u16()))?;
    let data = match answer {
        Envelope::Success { data } => data,
        Envelope::Error { error } => return Err(format!("Prometheus says: {error}")),
    };
    let (_, text) = match data {
        Data::Scalar(sample) => sample,
        Data::Vector(series) => match <[Series; 1]>::try_from(series) {
            Ok([Series { value: Some(sample) }]) => sample,
            Ok([Series { value: None }]) => return Err("the query yields a histogram".to_owned()),
            Err(none) if none.is_empty() => return Err("the query yields no data".to_owned()),
            Err(several) => return Err(format!("the query yields {} series instead of one", several.len())),
        },
        Data::Matrix(_) => return Err("the query yields a range instead of a number".to_owned()),
        Data::String(_) => return Err("the query yields a text instead of a number".to_owned()),
    };
    text.parse().map_err(|_| "the query yields what is no number".to_owned())
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Envelope {
    Success { data: Data },
    Error { error: String },
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    Scalar(Sample),
    Matrix(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Series {
    /// Absent where there is a native histogram.
    value: Option<Sample>,
}

/// When, in seconds since 1970, and what: a number as text, which may be `NaN`, `+Inf` or `-Inf`.
type Sample = (f64, String);

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use rollout::Span;

    use super::*;

    fn judged(body: &str) -> Answer {
        judge(Ok(Reply { status: StatusCode::OK, body: Bytes::copy_from_slice(body.as_bytes()) }), "0.01")
    }

    fn vector(values: &str) -> String {
        format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{values}],"analysis":{{}}}}}}"#
        )
    }

    fn series(value: &str) -> String {
        format!(r#"{{"metric":{{"__name__":"errors"}},"value":[1764300000.25,"{value}"]}}"#)
    }

    #[test]
    fn a_number_is_good_up_to_the_bound_and_bad_above_it() {
        for good in ["0", "0.01", "1e-9", "-3", "-Inf"] {
            assert_eq!(judged(&vector(&series(good))), Answer::Good, "{good}");
        }
        for bad in ["0.010001", "5", "+Inf"] {
            assert!(matches!(judged(&vector(&series(bad))), Answer::Bad(_)), "{bad}");
        }
        let bad = Answer::Bad("the query yields 0.02, more than 0.01".into());
        assert_eq!(judged(&vector(&series("0.02"))), bad);
        assert_eq!(
            judged(r#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"0.02"]}}"#),
            bad
        );
    }

    #[test]
    fn what_is_not_one_number_is_unknown() {
        let cases = [
            (vector(""), "the query yields no data"),
            (vector(&series("NaN")), "the query yields NaN"),
            (vector(&format!("{},{}", series("0"), series("9"))), "the query yields 2 series instead of one"),
            (
                vector(r#"{"metric":{},"histogram":[1.5,{"count":"1","sum":"2","buckets":[]}]}"#),
                "the query yields a histogram",
            ),
            (
                r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#.into(),
                "the query yields a range instead of a number",
            ),
            (
                r#"{"status":"success","data":{"resultType":"string","result":[1.5,"0"]}}"#.into(),
                "the query yields a text instead of a number",
            ),
            (
                r#"{"status":"error","errorType":"bad_data","error":"parse error: unclosed"}"#.into(),
                "Prometheus says: parse error: unclosed",
            ),
            ("<html>".into(), "Prometheus answers 200 and not in its API's form"),
        ];
        for (body, why) in cases {
            assert_eq!(judged(&body), Answer::Unknown(why.into()), "{body}");
        }
        let late = judge(Err(Unanswered::TimedOut(TIMEOUT)), "1");
        assert_eq!(late, Answer::Unknown("no answer within 4s".into()));
    }

    #[test]
    fn the_query_is_of_the_new_side_and_within_the_servers_own_path() {
        let declared = Prometheus {
            url: "https://metrics.example/prometheus/".into(),
            query: r#"sum(rate(errors{color="$(color)"}[1m])) + on() 0"#.into(),
            max: "1".into(),
            lasts: Span::secs(60),
        };
        let asked = question(&declared, Colour::Green).unwrap().to_string();
        let query = "sum%28rate%28errors%7Bcolor%3D%22green%22%7D%5B1m%5D%29%29+%2B+on%28%29+0";
        assert_eq!(asked, format!("https://metrics.example/prometheus/api/v1/query?query={query}"));
    }
}
