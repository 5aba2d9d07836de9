# The menu. Each recipe is short; what needs logic is in xtask, and CI calls the same.

# What there is to cook.
default:
    @just --list

# The whole system on this machine.
up *ARGS:
    cargo run --release -- up {{ARGS}}

# The same with a small shop in every style, so that there is something to see.
demo *ARGS:
    cargo run --release -- up --demo {{ARGS}}

# How fast orders come to their outcome, on a system that runs already, in every style that it has.
load *ARGS:
    cargo run --release -q -- load --style all {{ARGS}}

# What the system carries, beside the machine's own ceiling.
bench *ARGS:
    cargo xtask bench embedded {{ARGS}}

# What each style can still do while one of its services is away.
availability *ARGS:
    cargo xtask bench availability {{ARGS}}

# What the layers of `mesh` cost, beside what others offer.
bench-mesh *ARGS:
    cargo xtask bench mesh {{ARGS}}

# Every test.
test *ARGS:
    cargo test --workspace --locked {{ARGS}}

# The acceptance suite: every scenario, in every style.
acceptance *ARGS:
    cargo test -p e2e --test proof --locked acceptance {{ARGS}}

# That the same workload ends in the same state in every style, and follows from decisions that were legal.
oracle *ARGS:
    cargo test -p e2e --test proof --locked -- oracle concurrent {{ARGS}}

# One seed of the faults again: the same workload, the same faults, the same interleaving.
faults SEED *ARGS:
    SEED={{SEED}} cargo test -p e2e --test proof --locked faults::everything {{ARGS}}

# A test of the tests: that each of the classic mistakes is found.
twins *ARGS:
    cargo test -p e2e --test proof --locked twins {{ARGS}}

# All of the proof on so many times the workloads of CI, from new seeds.
prove TIMES='1' *ARGS:
    PROVE={{TIMES}} cargo test -p e2e --test proof --locked {{ARGS}}

# Switchovers on the cluster that KUBECONFIG names, under load (e2e/cluster/README.md).
e2e *ARGS:
    cargo test -p e2e-cluster --test cluster --locked -- --ignored {{ARGS}}

# Whether the API server that KUBECONFIG names still answers as the fake one does (crates/fake-apiserver/README.md); UPDATE=1 writes its answers down.
replay *ARGS:
    cargo test -p fake-apiserver --test api --locked replay_to_the_real_server -- --ignored {{ARGS}}

# Every interleaving of the parts of `mesh` that take no lock.
loom *ARGS:
    RUSTFLAGS='--cfg mesh_loom' cargo test -p mesh --lib --target-dir target/loom {{ARGS}}

# Random interleavings of the same parts, of eight threads, too: `ROUNDS=100000 just shuttle`, and `SEED=…` to see them again.
shuttle *ARGS:
    RUSTFLAGS='--cfg mesh_shuttle' cargo test -p mesh --lib --target-dir target/shuttle {{ARGS}}

# `kubectl switchyard`, and by its second name its completions, into the folder of cargo's programs.
install-plugin *ARGS:
    cargo install --locked --path cli/kubectl-switchyard {{ARGS}}
    ln -sf kubectl-switchyard "${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}/bin/kubectl_complete-switchyard"

# Switchovers by the thousand on the cluster that KUBECONFIG names, resumed where the last run ended: `under-load`, `without-kubelet`, `churn`; `just endure help`.
endure *ARGS:
    cargo run -q -p e2e-cluster --bin endure --locked -- {{ARGS}}

# Every state of larger worlds of the operator's core than CI has time for.
model *ARGS:
    cargo test -p rollout --test model --locked -- --ignored --nocapture {{ARGS}}

# What CI runs.
ci:
    .ci/run

# Format and lint, as CI does.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo xtask check

# Every sample, on a system that runs already, in every style that it has; then the invariants.
samples:
    for file in samples/*.jsonl; do cargo run --release -q -- order --style all --concurrency 32 --file "$file" || exit 1; done
    cargo run --release -q -- verify

# The operator's chart, the samples of k8s/ and the alerts: what Helm, Kubernetes and Prometheus say of them. Needs helm, kubeconform and promtool.
charts:
    cargo xtask charts

# The images of the operator and of the demo in two versions, for the demo of a switchover; they are loaded into kind if its cluster of k8s/kind.yaml is there.
images:
    docker build -f k8s/Dockerfile --build-arg PACKAGE=operator -t switchyard/operator:0.0.0 .
    docker build -f k8s/Dockerfile --build-arg PACKAGE=demo --build-arg VERSION=1 -t switchyard/demo:1 .
    docker build -f k8s/Dockerfile --build-arg PACKAGE=demo --build-arg VERSION=2 -t switchyard/demo:2 .
    ! kind get clusters 2>/dev/null | grep -qx switchyard || kind load docker-image --name switchyard switchyard/operator:0.0.0 switchyard/demo:1 switchyard/demo:2

# Write anew what a gateway alone serves as the description of the API.
openapi:
    cargo run -q -p switchyard --example openapi > services/gateway/openapi.json

# Licences, sources and bans; needs cargo-deny.
deny:
    cargo deny check
