//! The web app's files.

use std::path::Path;

use warp::filters::BoxedFilter;
use warp::filters::fs::File;
use warp::http::HeaderValue;
use warp::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use warp::path::FullPath;
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

/// Serves the files below `directory`; `/` is its `index.html`, and no other path stands for a file that is not there.
pub(crate) fn files(directory: &Path) -> BoxedFilter<(Response,)> {
    warp::path::full()
        .and_then(|path: FullPath| async move {
            if is_hidden(path.as_str()) { Err(warp::reject::not_found()) } else { Ok(()) }
        })
        .untuple_one()
        .and(warp::fs::dir(directory.to_owned()))
        .map(|file: File| {
            let (caching, policy) = (cache_policy(file.path()), content_policy(file.path()));
            let mut response = file.into_response();
            let headers = response.headers_mut();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            response
        })
        .boxed()
}

/// Serves nothing: every path is unknown.
pub(crate) fn nothing() -> BoxedFilter<(Response,)> {
    warp::any().and_then(|| async { Err::<Response, Rejection>(warp::reject::not_found()) }).boxed()
}

/// Whether a part of the path begins with a dot, as what is not meant to be seen does (`.git`, `.env`). The dot may be
/// written as `%2e`.
fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| {
        part.starts_with('.') || part.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("%2e"))
    }) || path.to_ascii_lowercase().contains("%2f")
}

/// A file whose name changes with its contents is kept for good; every other one is asked for again, which costs little:
/// an unchanged file is answered with 304 and no body.
fn cache_policy(path: &Path) -> &'static str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if is_hashed(name) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// The pages carry their policy themselves; only a header can say that nobody frames them. A Worker has the policy that it came
/// with, not its page's: the one that runs tasks of strangers loads and reaches nothing. `docker/Caddyfile` says the same.
fn content_policy(path: &Path) -> &'static str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_worker = name.starts_with("worker-") && name.ends_with(".js");
    if is_worker {
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
    } else {
        "frame-ancestors 'none'"
    }
}

/// Whether the name carries a hash of the contents before its extension: `app-3f9a1c07.js`, `index.DiwrgTda.css`. A
/// word could look like a hash of letters only, so one is believed if it has a digit or mixes cases.
fn is_hashed(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let Some((_, hash)) = stem.rsplit_once(['-', '.']) else { return false };
    let has = |kind: fn(&u8) -> bool| hash.as_bytes().iter().any(kind);
    let looks_random = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
        || has(u8::is_ascii_uppercase)
            && hash.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
            && has(u8::is_ascii_lowercase);
    extension != "html"
        && hash.len() >= 8
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && looks_random
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_good() {
        for hashed in
            ["app-3f9a1c07.js", "index.DiwrgTda.css", "core-0123456789abcdef.wasm", "index-B3nX_91k.js"]
        {
            assert!(is_hashed(hashed), "{hashed}");
        }
        for plain in [
            "index.html",
            "index-3f9a1c07.html",
            "app.js",
            "tabmesh_core_bg.wasm",
            "service-worker.js",
            "apple-touch-icon.png",
            "tabmesh-background.js",
            "release-20260101.js",
            "my-Documents.txt",
            "LICENSE",
        ] {
            assert!(!is_hashed(plain), "{plain}");
        }
    }

    #[test]
    fn hidden_files_stay_hidden_however_they_are_written() {
        for hidden in [
            "/.git/config",
            "/a/.env",
            "/%2egit/config",
            "/%2Egit",
            "/a/%2e%2e/b",
            "/a%2F.env",
            "/a%2f..%2fb",
        ] {
            assert!(is_hidden(hidden), "{hidden}");
        }
        for open in ["/", "/index.html", "/assets/app.min.js", "/a%20b.txt"] {
            assert!(!is_hidden(open), "{open}");
        }
    }
}
