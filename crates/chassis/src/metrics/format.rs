//! Which of the two expositions a scraper asks for.

use axum::http::{HeaderMap, header};

/// How an exposition is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' own, version 0.0.4.
    Text,
    /// OpenMetrics 1.0.0, with exemplars and units.
    OpenMetrics,
}

impl Format {
    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// What is preferred by `Accept`: text, unless OpenMetrics in a version that is spoken here is named and wanted no
    /// less. A scraper that wants neither is answered in text, as everybody else does.
    #[must_use]
    pub fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<Range<'_>> =
            accepted.flat_map(|value| value.split(',')).filter_map(Range::parse).collect();
        let best = |fits: fn(&Range<'_>) -> bool| {
            ranges.iter().filter(|range| fits(range)).map(|range| range.quality).max().unwrap_or(0)
        };
        let open =
            best(|it| it.media == "application/openmetrics-text" && it.is_version(&["0.0.1", "1.0.0"]));
        let text = best(|it| {
            ["text/plain", "text/*", "*/*"].iter().any(|media| *media == it.media)
                && it.is_version(&["0.0.4"])
        });
        if open > 0 && open >= text { Format::OpenMetrics } else { Format::Text }
    }
}

/// One part of an `Accept`.
struct Range<'a> {
    media: String,
    version: Option<&'a str>,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(range: &'a str) -> Option<Self> {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next()?.to_ascii_lowercase();
        let (mut version, mut quality) = (None, 1000);
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "version" => version = Some(value),
                "q" => quality = thousandths(value)?,
                _ => {}
            }
        }
        Some(Self { media, version, quality })
    }

    fn is_version(&self, versions: &[&str]) -> bool {
        self.version.is_none_or(|version| versions.contains(&version))
    }
}

/// A quality, from 0 to 1 with at most three decimals.
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, decimals) = quality.split_once('.').unwrap_or((quality, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = format!("{decimals:0<3}").parse::<u16>().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &[&str]) -> Format {
        let headers = accept.iter().map(|value| (header::ACCEPT, value.parse().unwrap()));
        Format::accepted(&headers.collect())
    }

    #[test]
    fn openmetrics_is_for_those_who_name_it() {
        assert_eq!(accepted(&["application/openmetrics-text"]), Format::OpenMetrics);
        assert_eq!(
            accepted(&["text/plain", "Application/OpenMetrics-Text; version=1.0.0"]),
            Format::OpenMetrics
        );
        for other in [&[][..], &["*/*"], &["text/plain"], &["application/json"], &["text/html, */*;q=0.8"]] {
            assert_eq!(accepted(other), Format::Text, "{other:?}");
        }
    }

    #[test]
    fn the_higher_quality_wins() {
        assert_eq!(accepted(&["application/openmetrics-text;q=0.5, text/plain;q=0.501"]), Format::Text);
        assert_eq!(accepted(&["application/openmetrics-text;q=0.5, text/plain;q=0.3"]), Format::OpenMetrics);
        assert_eq!(accepted(&["application/openmetrics-text;q=0, text/plain;q=0"]), Format::Text);
    }

    #[test]
    fn what_prometheus_sends_is_understood() {
        let version_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;\
                         q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(accepted(&[version_2]), Format::OpenMetrics);
        let version_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;\
                         version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(accepted(&[version_3]), Format::OpenMetrics);
    }

    #[test]
    fn a_version_that_is_not_spoken_here_and_a_quality_that_is_none_do_not_count() {
        assert_eq!(accepted(&["application/openmetrics-text; version=2.0.0"]), Format::Text);
        for quality in ["1.1", "x", "-1", "0.1234", "", "1.001", ".5"] {
            let accept = format!("application/openmetrics-text;q={quality}");
            assert_eq!(accepted(&[&accept]), Format::Text, "{quality}");
        }
    }
}
