//! The doors: sockets are accepted and counted here, and requests find their way.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tabmesh_bounds::{AddressLimits, AddressSeat, Addresses, Rate};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

use crate::hub::Hub;
use crate::refusal::Denial;
use crate::{genesis, upgrade, web};

/// Sockets that are not WebSockets yet, or never will be: at the bound a new one is told so and closed.
pub(crate) const SOCKETS_MAX: usize = 1024;

/// Such sockets from one address, so that nobody has all of them. Behind a proxy all come from the proxy, which has to
/// see to that itself.
const ADDRESS_SOCKETS: AddressLimits = AddressLimits {
    connections: SOCKETS_MAX / 8,
    rate: Rate { per_second: 10_000.0, burst: 10_000 },
    remembered: 2 * SOCKETS_MAX,
};

/// How long a socket may live that does not become a WebSocket: who reads a file more slowly has to ask again.
const SOCKET_LIFE_MAX: Duration = Duration::from_secs(120);

/// How large the head of a request may be, in bytes; hyper's least is 8,192.
const HEAD_BYTES: usize = 16 * 1024;

/// How long to wait when the system has no file left for a new socket.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The other end of the socket that a request came through.
#[derive(Clone, Copy, Debug)]
struct RemoteSocket(SocketAddr);

/// The front of the server.
pub(crate) struct Front {
    hub: Arc<Hub>,
    routes: BoxedFilter<(Response,)>,
    places: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    /// The tasks of sockets that are not WebSockets.
    pub(crate) tasks: TaskTracker,
}

impl Front {
    pub(crate) fn new(hub: &Arc<Hub>) -> Self {
        Self {
            hub: Arc::clone(hub),
            routes: routes(hub),
            places: Arc::new(Semaphore::new(SOCKETS_MAX)),
            addresses: Addresses::new(ADDRESS_SOCKETS),
            tasks: TaskTracker::new(),
        }
    }

    /// Accepts sockets for as long as it is polled.
    pub(crate) async fn accept(&self, listener: TcpListener) -> Infallible {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => match self.admit(remote) {
                    Ok(place) => drop(self.tasks.spawn(serve(
                        Arc::clone(&self.hub),
                        self.routes.clone(),
                        stream,
                        remote,
                        place,
                    ))),
                    Err(denial) => turn_away(&self.hub, stream, denial),
                },
                Err(error) => {
                    warn!(%error, "a socket could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, remote: SocketAddr) -> Result<Place, Denial> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Denial::Full)?;
        let address = if self.hub.config.behind_proxy {
            None
        } else {
            let entered = self.addresses.enter(remote.ip(), Instant::now());
            Some(entered.map_err(|_| Denial::AddressFull)?)
        };
        Ok(Place { _place: place, _address: address })
    }
}

struct Place {
    _place: OwnedSemaphorePermit,
    _address: Option<AddressSeat>,
}

/// Says no where no request was read, in one write that a socket always has room for to which little was written. It is
/// written past tokio, which would first wait to hear from the system that there is room.
fn turn_away(hub: &Hub, stream: TcpStream, denial: Denial) {
    hub.metrics.denied(denial);
    let (status, body) = (denial.status(), denial.json());
    let retry =
        denial.retry_after_s().map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{retry}connection: close\r\n\r\n{body}",
        body.len(),
    );
    if let Err(error) = stream.into_std().and_then(|mut socket| socket.write_all(answer.as_bytes())) {
        debug!(%error, "a socket left before it was told why it was turned away");
    }
}

/// Speaks HTTP over one socket until it closes, becomes a WebSocket, or has lived too long.
async fn serve(
    hub: Arc<Hub>,
    routes: BoxedFilter<(Response,)>,
    stream: TcpStream,
    remote: SocketAddr,
    place: Place,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "the socket closed at once");
        return;
    }
    let routes = TowerToHyperService::new(warp::service(routes));
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(RemoteSocket(remote));
        routes.call(request)
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(hub.config.limits.head)
        .max_buf_size(HEAD_BYTES)
        .keep_alive(!hub.drain.is_cancelled())
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(SOCKET_LIFE_MAX, &mut connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            debug!(%error, "socket ended");
            let parts = connection.into_parts().filter(|_| error.is_timeout());
            // Who has begun a request waits for an answer; who has not is only idle.
            if let Some(parts) = parts.filter(|parts| !parts.read_buf.is_empty()) {
                turn_away(&hub, parts.io.into_inner(), Denial::SlowHead);
            }
        }
        Err(_elapsed) => debug!("socket lived too long"),
    }
    drop(place);
}

/// Which path means what.
fn routes(hub: &Arc<Hub>) -> BoxedFilter<(Response,)> {
    let with_hub = {
        let hub = Arc::clone(hub);
        warp::any().map(move || Arc::clone(&hub))
    };
    let get = warp::get().or(warp::head()).unify();
    let signal = warp::path!("signal")
        .and(warp::get())
        .and(with_hub.clone())
        .and(warp::ext::get::<RemoteSocket>())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OnUpgrade>())
        .map(|hub: Arc<Hub>, remote: RemoteSocket, headers: HeaderMap, upgrade: Option<OnUpgrade>| {
            upgrade::answer(&hub, remote.0, &headers, upgrade)
        });
    let health = warp::path!("healthz").and(get).and(with_hub.clone()).map(|hub: Arc<Hub>| {
        if hub.drain.is_cancelled() {
            text(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "draining\n".to_owned())
        } else {
            text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n".to_owned())
        }
    });
    let metrics = warp::path!("metrics").and(get).and(with_hub).map(|hub: Arc<Hub>| {
        text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", hub.metrics_page())
    });
    let genesis = hub.genesis.as_ref().map_or_else(web::nothing, genesis::served);
    let files = hub.config.web.as_deref().map_or_else(web::nothing, web::files);
    let found = signal.or(health).unify().or(metrics).unify().or(genesis).unify().or(files).unify();
    found.recover(not_found).unify().boxed()
}

fn text(status: StatusCode, kind: &'static str, body: String) -> Response {
    let mut response = body.into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn not_found(rejection: Rejection) -> Result<Response, Infallible> {
    let (status, name, message) = if rejection.is_not_found() {
        (StatusCode::NOT_FOUND, "not-found", "There is nothing at this path; peers connect to /signal.")
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        (StatusCode::METHOD_NOT_ALLOWED, "method", "This path is only read: use GET.")
    } else {
        (StatusCode::BAD_REQUEST, "bad-request", "The request makes no sense for this path.")
    };
    let json = serde_json::json!({ "error": name, "message": message }).to_string();
    let mut response = text(status, "application/json", json);
    // So that a page with a wrong address of a signalling server can see that it is wrong.
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}
