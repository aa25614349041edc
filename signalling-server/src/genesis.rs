//! The genesis of a ledger, for pages.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use tabmesh_ledger::Genesis;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::HeaderValue;
use warp::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use warp::reply::{Reply, Response};

use crate::error::Error;

/// More than the longest genesis has.
const BYTES_MAX: u64 = 1 << 20;

/// Reads and checks its bytes.
pub(crate) fn read(path: &Path) -> Result<Bytes, Error> {
    let broken = |why: String| Error::Genesis { path: path.to_owned(), why };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| broken(error.to_string()))?;
    file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    match Genesis::read(&bytes) {
        Ok(_) => Ok(bytes.into()),
        Err(flaw) => Err(broken(format!("{flaw:?}"))),
    }
}

/// Serves it. A page asks for it anew each time: another ledger may have begun. Pages of any origin may read it.
pub(crate) fn served(bytes: &Bytes) -> BoxedFilter<(Response,)> {
    let bytes = bytes.clone();
    warp::path!("genesis")
        .and(warp::get().or(warp::head()).unify())
        .map(move || {
            let mut response = Response::new(bytes.to_vec().into()).into_response();
            let headers = response.headers_mut();
            for (name, value) in [
                (CONTENT_TYPE, "application/octet-stream"),
                (CACHE_CONTROL, "no-cache"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ] {
                headers.insert(name, HeaderValue::from_static(value));
            }
            response
        })
        .boxed()
}
