//! The operator beside more releases than a cluster of one machine carries: an API server in memory holds them.

use std::{collections::BTreeMap, path::Path, time::Duration};

use e2e_cluster::Operator;
use fake_apiserver::{Resource, Server, controllers::Controllers};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use rollout::BlueGreen;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use crate::{Failure, report::Row};

/// So many releases share a namespace.
const PER_NAMESPACE: u32 = 100;
/// How long all of them may take until they are stable.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// In the texts of the objects that all are made from.
const NAME: &str = "bench-original";
const PLACE: &str = "bench-namespace";

/// What the operator keeps in memory when so many releases are stable, of one pod each, and how long it takes to take all of them over.
pub(crate) async fn measure(program: &Path, releases: u32) -> Result<Vec<Row>, Failure> {
    let server = Server::new().with(Resource::of::<BlueGreen>()).remembering(usize::try_from(releases)? * 8);
    let original = original()?;
    for number in 0..releases {
        copy(&server, &original, number)?;
    }
    let kubeconfig = program.with_extension("many.kubeconfig");
    std::fs::write(&kubeconfig, config(&serve(server.clone()).await?).to_string())?;
    let began = Instant::now();
    let operator = Operator::run(program, &kubeconfig)?;
    while stable(&server) < usize::try_from(releases)? {
        if began.elapsed() > PATIENCE {
            return Err(
                format!("{} of {releases} releases are stable after {PATIENCE:?}", stable(&server)).into()
            );
        }
        sleep(Duration::from_millis(100)).await;
    }
    let taken_over = began.elapsed();
    let resident = operator.resident()?;
    operator.stop().await?;
    Ok(vec![
        Row::new(format!("taking over {releases} releases"), taken_over.as_secs_f64(), "s"),
        Row::new(format!("resident, with {releases} releases"), resident, "MiB").at_most(256.0),
    ])
}

/// A release as a cluster's controllers have made it, in the order in which its objects own each other.
fn original() -> Result<Vec<Value>, Failure> {
    let server = Server::new().with(Resource::of::<BlueGreen>());
    let controllers = Controllers::new(&server);
    for object in manifests() {
        server.create("bench", object).map_err(|refusal| refusal.message)?;
    }
    controllers.settle();
    let kinds = [
        Resource::DEPLOYMENTS,
        Resource::REPLICA_SETS,
        Resource::SERVICES,
        Resource::PODS,
        Resource::ENDPOINT_SLICES,
        Resource::of::<BlueGreen>(),
    ];
    Ok(kinds.iter().flat_map(|kind| server.all(kind)).map(|object| (*object).clone()).collect())
}

fn manifests() -> Vec<Value> {
    let labels = |colour: &str| json!({"app": NAME, "switchyard.dev/color": colour});
    let container = json!({
        "name": "demo", "image": "localhost/demo:1",
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 8081}],
    });
    let deployment = |colour: &str, replicas: u32| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": format!("{NAME}-{colour}"), "namespace": PLACE},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels(colour)}, "template": {
                "metadata": {"labels": labels(colour)}, "spec": {"containers": [container]},
            }},
        })
    };
    let side = |colour: &str| json!({"deployment": format!("{NAME}-{colour}")});
    vec![
        deployment("blue", 1),
        deployment("green", 0),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME, "namespace": PLACE},
            "spec": {"selector": labels("blue"), "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        }),
        json!({
            "apiVersion": "switchyard.dev/v1alpha1", "kind": "BlueGreen", "metadata": {"name": NAME, "namespace": PLACE},
            "spec": {"active": "blue", "workloads": [
                {"name": NAME, "blue": side("blue"), "green": side("green"), "services": [{"name": NAME}]},
            ]},
        }),
    ]
}

/// The same release under another name, whose objects own each other as the original's do.
fn copy(server: &Server, original: &[Value], number: u32) -> Result<(), Failure> {
    let (name, place) = (format!("release-{number}"), format!("place-{}", number / PER_NAMESPACE));
    let mut uids: BTreeMap<String, String> = BTreeMap::new();
    for object in original {
        let mut text = object.to_string().replace(NAME, &name).replace(PLACE, &place);
        for (old, new) in &uids {
            text = text.replace(old, new);
        }
        let uid = |object: &Value| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let mut new: Value = serde_json::from_str(&text)?;
        new["metadata"]["resourceVersion"].take();
        let made = server.create("bench", new).map_err(|refusal| refusal.message)?;
        uids.insert(uid(object), uid(&made));
    }
    Ok(())
}

fn stable(server: &Server) -> usize {
    let all = server.all(&Resource::of::<BlueGreen>());
    all.iter().filter(|release| release["status"]["phase"] == "Stable").count()
}

/// Serves it on a port of this machine until the process ends, and gives its address.
async fn serve(server: Server) -> Result<String, Failure> {
    #[expect(clippy::disallowed_methods, reason = "this is no service")]
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(server.clone());
            tokio::spawn(async move {
                // A connection that breaks off is the client's to open again.
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(format!("http://{address}"))
}

fn config(server: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "many",
        "clusters": [{"name": "many", "cluster": {"server": server}}],
        "users": [{"name": "many", "user": {}}],
        "contexts": [{"name": "many", "context": {"cluster": "many", "user": "many", "namespace": "bench"}}],
    })
}
