//! `/docs`: a page to read about the API and to try it.
//!
//! Its files are part of the program: it needs no network, and a policy lets the browser load nothing from elsewhere. What it
//! shows it reads from `/openapi.json`.

use axum::{
    Router,
    http::{HeaderName, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

/// Where a file of the page is, its media type, and what is in it.
type File = (&'static str, &'static str, &'static str);

const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [File; 11] = [
    ("/docs", "text/html; charset=utf-8", include_str!("../docs/index.html")),
    ("/docs/page.css", "text/css; charset=utf-8", include_str!("../docs/page.css")),
    ("/docs/icon.svg", "image/svg+xml", include_str!("../docs/icon.svg")),
    ("/docs/main.js", SCRIPT, include_str!("../docs/main.js")),
    ("/docs/api.js", SCRIPT, include_str!("../docs/api.js")),
    ("/docs/operation.js", SCRIPT, include_str!("../docs/operation.js")),
    ("/docs/schema.js", SCRIPT, include_str!("../docs/schema.js")),
    ("/docs/form.js", SCRIPT, include_str!("../docs/form.js")),
    ("/docs/send.js", SCRIPT, include_str!("../docs/send.js")),
    ("/docs/memory.js", SCRIPT, include_str!("../docs/memory.js")),
    ("/docs/dom.js", SCRIPT, include_str!("../docs/dom.js")),
];

/// Files and answers of this gateway only; no inline script or style, no frame around it, and nothing leaves the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // A newer gateway has newer files under the same names.
    (header::CACHE_CONTROL, "no-cache"),
];

/// The page, to which `/` leads too.
pub(crate) fn router() -> Router {
    let add = |router: Router, (path, media_type, text): File| {
        router.route(path, get(async move || file(media_type, text)))
    };
    let to_page = async || Redirect::temporary("/docs");
    FILES.into_iter().fold(Router::new(), add).route("/", get(to_page))
}

fn file(media_type: &'static str, text: &'static str) -> Response {
    (HEADERS, [(header::CONTENT_TYPE, media_type)], text).into_response()
}
