#![doc = include_str!("../README.md")]

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use kube::{
    Config, Error, Result,
    client::{Body, ClientBuilder, ConfigExt, retry::RetryPolicy},
};
use tower::{BoxError, Service, ServiceBuilder, retry::RetryLayer};

/// A client as kube makes it of this configuration, over connections with `TCP_NODELAY`.
///
/// # Errors
/// The configuration is of no use: its certificates or credentials cannot be read, or it names a proxy.
pub fn builder(
    config: Config,
) -> Result<
    ClientBuilder<
        impl Service<Request<Body>, Response = Response<Incoming>, Error = BoxError, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    >,
> {
    if let Some(proxy) = config.proxy_url {
        return Err(Error::ProxyProtocolUnsupported { proxy_url: Box::new(proxy) });
    }
    let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(tcp())?);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);

    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.default_retry.then(|| RetryLayer::new(RetryPolicy::server_retry())))
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(Client::builder(TokioExecutor::new()).build(connector));
    Ok(ClientBuilder::new(service, config.default_namespace))
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    // The scheme is the next connector's matter.
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use k8s_openapi::api::core::v1::Service as KubeService;
    use kube::{
        Api,
        api::{Patch, PatchParams},
    };
    use serde_json::json;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_is_written_is_sent_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap()).parse::<http::Uri>().unwrap();
        let connection = tcp().oneshot(uri).await.unwrap().into_inner();
        assert!(connection.nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_request_goes_to_the_cluster_with_its_credentials_and_the_answer_comes_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = Config::new(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
        config.auth_info.token = Some("secret".to_owned().into());
        config.default_namespace = "shop".to_owned();
        let server = thread::spawn(move || answer(&listener));

        let api: Api<KubeService> = Api::default_namespaced(builder(config).unwrap().build());
        let patch = Patch::Merge(json!({"spec": {}}));
        let patched = api.patch("orders", &PatchParams::default(), &patch).await.unwrap();
        assert_eq!(patched.metadata.resource_version.as_deref(), Some("7"));
        let asked = server.join().unwrap();
        assert!(asked.starts_with("PATCH /api/v1/namespaces/shop/services/orders? HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("authorization: Bearer secret\r\n"), "{asked}");
    }

    /// What is asked, as text.
    fn answer(listener: &TcpListener) -> String {
        let (mut connection, _) = listener.accept().unwrap();
        let mut asked = String::new();
        while !asked.ends_with(r#"{"spec":{}}"#) {
            let mut some = [0; 1024];
            let read = connection.read(&mut some).unwrap();
            assert!(read > 0, "{asked}");
            asked.push_str(std::str::from_utf8(&some[..read]).unwrap());
        }
        let body = r#"{"metadata":{"name":"orders","resourceVersion":"7"}}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
        write!(connection, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        asked
    }

    #[tokio::test]
    async fn a_proxy_is_refused_and_not_passed_by() {
        let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
        config.proxy_url = Some("http://127.0.0.1:2".parse().unwrap());
        assert!(matches!(builder(config), Err(Error::ProxyProtocolUnsupported { .. })));
    }
}
