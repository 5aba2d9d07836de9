use crate::rig::Rig;

const PAGE: &str = include_str!("../../docs/index.html");

/// What the page, and a script of it, loads.
fn loaded(text: &str) -> impl Iterator<Item = &str> {
    let attributes = ["href=\"", "src=\"", "from \"./"];
    attributes.into_iter().flat_map(|name| text.split(name).skip(1)).filter_map(|rest| rest.split('"').next())
}

#[tokio::test(start_paused = true)]
async fn the_page_and_all_that_it_loads_come_from_the_gateway() {
    let rig = Rig::of_mirrors();
    assert_eq!(rig.get("/docs").await.body, PAGE);
    let mut pending: Vec<_> =
        loaded(PAGE).filter(|url| !url.starts_with('#')).map(|url| format!("/{url}")).collect();
    let mut seen = Vec::new();
    while let Some(path) = pending.pop() {
        let answer = rig.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let is_script = answer.headers["content-type"].to_str().unwrap().starts_with("text/javascript");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let imports = loaded(&text)
            .filter(|name| is_script && name.ends_with(".js"))
            .map(|name| format!("/docs/{name}"));
        seen.push(path);
        pending.extend(imports.filter(|import| !seen.contains(import)));
    }
    assert!(seen.len() > 8, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_browser_is_told_to_load_nothing_from_elsewhere_and_to_run_nothing_inline() {
    let rig = Rig::of_mirrors();
    for path in ["/docs", "/docs/main.js", "/docs/icon.svg"] {
        let answer = rig.get(path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["x-frame-options"], "DENY");
    }
    let inline = ["<script>", "<style>", "style=\"", "onclick=", "http://", "https://"];
    assert!(inline.iter().all(|form| !PAGE.contains(form)));
}

#[tokio::test(start_paused = true)]
async fn the_root_leads_to_the_page() {
    let answer = Rig::of_mirrors().get("/").await;
    assert_eq!((answer.status.as_u16(), &answer.headers["location"]), (307, &"/docs".parse().unwrap()));
}
