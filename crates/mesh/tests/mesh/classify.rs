//! What came of a call, in each protocol.

use std::{convert::Infallible, sync::mpsc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use mesh::classify::{Classify, Code, Grpc, Http, Outcome, Report, Results, Verdict};

type Frames = Vec<Result<http_body::Frame<Bytes>, &'static str>>;

struct Told(mpsc::Sender<Verdict>);

impl Report for Told {
    fn tell(self, verdict: Verdict) {
        self.0.send(verdict).expect("somebody listens");
    }
}

fn told() -> (Told, mpsc::Receiver<Verdict>) {
    let (sender, receiver) = mpsc::channel();
    (Told(sender), receiver)
}

fn headers<const N: usize>(pairs: [(&'static str, &'static str); N]) -> HeaderMap {
    pairs
        .into_iter()
        .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
        .collect()
}

fn http(status: u16) -> Outcome {
    Http::new().outcome(StatusCode::from_u16(status).expect("a status"))
}

#[test]
fn a_4xx_is_no_failure_of_the_server() {
    assert_eq!([200, 302, 101].map(http), [Outcome::Success; 3]);
    assert_eq!([400, 404, 409, 499].map(http), [Outcome::Refusal; 4]);
    assert_eq!([500, 502, 503, 504].map(http), [Outcome::Failure; 4]);
    assert_eq!(http(429), Outcome::Throttled);
}

#[test]
fn of_exceptions_that_overlap_the_last_one_counts() {
    let classify = Http::new().status(400..=499, Outcome::Failure).status(404..=404, Outcome::Success);
    assert_eq!(classify.outcome(StatusCode::NOT_FOUND), Outcome::Success);
    assert_eq!(classify.outcome(StatusCode::GONE), Outcome::Failure);
    assert_eq!(classify.outcome(StatusCode::BAD_GATEWAY), Outcome::Failure);
}

#[test]
fn retry_after_is_read_in_seconds_and_as_a_date_by_the_servers_own_clock() {
    let read =
        |headers: HeaderMap| Http::new().verdict(StatusCode::SERVICE_UNAVAILABLE, &headers).retry_after;
    assert_eq!(read(headers([("retry-after", "7")])), Some(Duration::from_secs(7)));
    let date = ("date", "Fri, 27 Nov 2026 23:00:00 GMT");
    let at = |text| headers([date, ("retry-after", text)]);
    assert_eq!(read(at("Fri, 27 Nov 2026 23:00:30 GMT")), Some(Duration::from_secs(30)));
    assert_eq!(read(at("Fri, 27 Nov 2026 22:00:00 GMT")), Some(Duration::ZERO));
    assert_eq!(read(headers([("retry-after", "Fri, 27 Nov 2026 23:00:30 GMT")])), None);
    assert_eq!(read(headers([("retry-after", "-3")])), None);
    assert_eq!(read(headers([("retry-after", "soon")])), None);
}

#[test]
fn a_stream_of_events_is_kept_out_of_the_times() {
    let events = headers([("content-type", "text/event-stream; charset=utf-8")]);
    assert!(!Http::new().verdict(StatusCode::OK, &events).timed);
    assert!(!Http::new().verdict(StatusCode::SWITCHING_PROTOCOLS, &HeaderMap::new()).timed);
    assert!(Http::new().verdict(StatusCode::OK, &HeaderMap::new()).timed);
}

#[test]
fn a_service_that_cannot_err_fails_by_its_answers() {
    let (report, verdicts) = told();
    let answer: Result<_, Infallible> = Ok(Response::builder().status(500).body(()).unwrap());
    Http::new().classify(answer, report).unwrap();
    assert_eq!(verdicts.recv().unwrap().outcome, Outcome::Failure);
}

#[test]
fn what_an_error_means_can_be_set() {
    let (report, verdicts) = told();
    let ours = |error: &&str| if *error == "left" { Outcome::Cancelled } else { Outcome::Failure };
    assert_eq!(Results(ours).classify(Err::<(), _>("left"), report), Err("left"));
    assert_eq!(verdicts.recv().unwrap().outcome, Outcome::Cancelled);
    let (report, verdicts) = told();
    let error = Http::new().errors(ours).classify(Err::<Response<()>, _>("broken"), report);
    assert_eq!(error.err(), Some("broken"));
    assert_eq!(verdicts.recv().unwrap().outcome, Outcome::Failure);
}

#[test]
fn each_code_of_grpc_means_what_it_says() {
    let outcomes = |codes: &[u32]| -> Vec<_> {
        codes.iter().map(|code| Grpc::new().outcome(Code::new(*code))).collect()
    };
    assert_eq!(outcomes(&[0]), [Outcome::Success]);
    assert_eq!(outcomes(&[1]), [Outcome::Cancelled]);
    assert_eq!(outcomes(&[2, 4, 13, 14, 15, 99]), [Outcome::Failure; 6]);
    assert_eq!(outcomes(&[3, 5, 6, 7, 9, 10, 11, 12, 16]), [Outcome::Refusal; 9]);
    assert_eq!(outcomes(&[8]), [Outcome::Throttled]);
    let aborted = Grpc::new().code(Code::new(10), Outcome::Failure);
    assert_eq!(aborted.outcome(Code::new(10)), Outcome::Failure);
}

#[test]
fn trailers_only_and_whoever_does_not_speak_grpc_are_known_at_the_headers() {
    let known = |status, headers: HeaderMap| {
        Grpc::new().verdict_of_headers(StatusCode::from_u16(status).unwrap(), &headers)
    };
    let exhausted = known(200, headers([("grpc-status", "8"), ("grpc-retry-pushback-ms", "250")])).unwrap();
    assert_eq!(
        (exhausted.outcome, exhausted.retry_after),
        (Outcome::Throttled, Some(Duration::from_millis(250)))
    );
    assert_eq!(known(503, HeaderMap::new()).unwrap().outcome, Outcome::Failure);
    assert_eq!(known(401, HeaderMap::new()).unwrap().outcome, Outcome::Refusal);
    assert_eq!(known(200, headers([("grpc-status", "?")])).unwrap().outcome, Outcome::Failure);
    assert_eq!(known(200, HeaderMap::new()), None);
}

async fn of_frames(frames: Frames) -> Option<Verdict> {
    let (report, verdicts) = told();
    let answer: Result<_, Infallible> =
        Ok(Response::new(StreamBody::new(futures_util::stream::iter(frames))));
    let mut body = Grpc::new().classify(answer, report).expect("an answer").into_body();
    assert_eq!(verdicts.try_recv().ok(), None, "nothing is known at the headers");
    while let Some(Ok(_)) = body.frame().await {}
    verdicts.try_recv().ok()
}

fn data() -> Result<http_body::Frame<Bytes>, &'static str> {
    Ok(http_body::Frame::data(Bytes::from_static(b"x")))
}

fn trailers(code: &'static str) -> Result<http_body::Frame<Bytes>, &'static str> {
    Ok(http_body::Frame::trailers(headers([("grpc-status", code)])))
}

#[tokio::test]
async fn a_call_is_what_its_trailers_say() {
    assert_eq!(of_frames(vec![data(), trailers("0")]).await, Some(Verdict::new(Outcome::Success)));
    assert_eq!(of_frames(vec![data(), trailers("14")]).await, Some(Verdict::new(Outcome::Failure)));
    let stream = of_frames(vec![data(), data(), trailers("0")]).await;
    assert_eq!(stream, Some(Verdict::new(Outcome::Success).untimed()));
}

#[tokio::test]
async fn a_body_that_breaks_or_ends_without_a_code_is_a_failure() {
    assert_eq!(of_frames(vec![data(), Err("reset")]).await, Some(Verdict::new(Outcome::Failure)));
    assert_eq!(of_frames(vec![data()]).await, Some(Verdict::new(Outcome::Failure)));
    let (report, verdicts) = told();
    let empty: Result<_, Infallible> = Ok(Response::new(Empty::<Bytes>::new()));
    let _ = Grpc::new().classify(empty, report).unwrap();
    assert_eq!(verdicts.recv().unwrap().outcome, Outcome::Failure);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_goes_on_for_10_s_works() {
    let (report, verdicts) = told();
    let endless =
        StreamBody::new(futures_util::stream::pending::<Result<http_body::Frame<Bytes>, Infallible>>());
    let mut body =
        Grpc::new().classify(Ok::<_, Infallible>(Response::new(endless)), report).unwrap().into_body();
    let almost = tokio::time::timeout(Duration::from_millis(9_999), body.frame()).await;
    assert!(almost.is_err() && verdicts.try_recv().is_err());
    let after = tokio::time::timeout(Duration::from_millis(2), body.frame()).await;
    assert!(after.is_err(), "the stream itself goes on");
    assert_eq!(verdicts.try_recv().ok(), Some(Verdict::new(Outcome::Success).untimed()));
}

#[tokio::test]
async fn who_leaves_before_the_trailers_tells_nothing() {
    let (report, verdicts) = told();
    let answer: Result<_, Infallible> = Ok(Response::new(Full::new(Bytes::from_static(b"x"))));
    drop(Grpc::new().classify(answer, report).unwrap());
    assert_eq!(verdicts.recv(), Err(mpsc::RecvError), "dropped untold");
}
