//! What kubectl asks for when somebody presses Tab: it runs `kubectl_complete-switchyard` with the words typed so far, the last of
//! them unfinished, and reads a candidate a line, and at the end a directive.

use std::{process::ExitCode, time::Duration};

use clap::{CommandFactory, Parser};
use kube::ResourceExt;
use rollout::{BlueGreen, Colour};
use tokio::time::timeout;

use crate::{
    cluster::{Cluster, Place},
    command_line::CommandLine,
    console::Console,
    intent::{approve::approvals, release::containers},
};

/// The name by which kubectl finds the completions of this plugin.
pub const COMPLETER: &str = "kubectl_complete-switchyard";

/// How long a shell is kept waiting for a cluster.
const PATIENCE: Duration = Duration::from_secs(2);

/// What could stand in the place of the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    /// A verb or a flag: known without a cluster.
    Known(Vec<String>),
    /// A BlueGreen's name.
    Name,
    /// A gate of this BlueGreen.
    Gate(String),
    /// `WORKLOAD/CONTAINER=` of this BlueGreen.
    Container(String),
    /// A namespace, a file, a number: nothing that is known here.
    Nothing,
}

/// Cobra's directives, which kubectl understands: no files, and in the second no blank after the word either.
const NO_FILES: u8 = 4;
const NO_FILES_NO_SPACE: u8 = 6;

/// Answers what the last of `words` could become. What cannot be known is no candidate, and never an error.
pub async fn complete(words: &[String], console: &Console) -> ExitCode {
    let (typed, last) = words.split_last().map_or((words, ""), |(last, typed)| (typed, last.as_str()));
    let question = question(typed, last);
    let directive = if matches!(question, Question::Container(_)) { NO_FILES_NO_SPACE } else { NO_FILES };
    let candidates = match question {
        Question::Known(known) => known,
        Question::Nothing => vec![],
        asks => timeout(PATIENCE, ask(&asks, typed)).await.ok().flatten().unwrap_or_default(),
    };
    for candidate in candidates.iter().filter(|candidate| candidate.starts_with(last)) {
        console.say(candidate);
    }
    console.say(format_args!(":{directive}"));
    ExitCode::SUCCESS
}

/// What is asked, by the words before.
fn question(typed: &[String], last: &str) -> Question {
    let command = CommandLine::command();
    let (words, open) = positional(typed, &command);
    let verb = words.first().and_then(|verb| command.find_subcommand(verb));
    if let Some(flag) = open {
        return if flag == "output" {
            Question::Known(["json", "yaml", "name"].map(str::to_owned).to_vec())
        } else {
            Question::Nothing
        };
    }
    if last.starts_with('-') {
        let own = verb.into_iter().flat_map(clap::Command::get_arguments).chain(command.get_arguments());
        return Question::Known(own.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect());
    }
    let Some(verb) = verb else {
        let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
        let told = |verb: &clap::Command| match verb.get_about() {
            Some(about) => format!("{}\t{about}", verb.get_name()),
            None => verb.get_name().to_owned(),
        };
        return if words.is_empty() { Question::Known(verbs.map(told).collect()) } else { Question::Nothing };
    };
    match (verb.get_name(), &words[1..]) {
        (_, []) | ("get", _) => Question::Name,
        ("approve", [name]) => Question::Gate(name.clone()),
        ("promote", [_]) => Question::Known(Colour::BOTH.map(|colour| colour.to_string()).to_vec()),
        ("release", [name, ..]) if !last.contains('=') => Question::Container(name.clone()),
        _ => Question::Nothing,
    }
}

/// The words that are no flags and no values of flags, and the flag whose value the last word is.
fn positional(typed: &[String], command: &clap::Command) -> (Vec<String>, Option<String>) {
    let (mut words, mut open) = (vec![], None);
    for word in typed {
        if open.take().is_some() {
            continue;
        }
        let Some(flag) = word.strip_prefix('-') else {
            words.push(word.clone());
            continue;
        };
        let flag = flag.trim_start_matches('-');
        let verb = words.first().and_then(|verb| command.find_subcommand(verb));
        let args = verb.into_iter().flat_map(clap::Command::get_arguments).chain(command.get_arguments());
        let is_it = |arg: &&clap::Arg| {
            arg.get_long() == Some(flag) || arg.get_short().is_some_and(|short| flag == short.to_string())
        };
        let takes = |arg: &clap::Arg| arg.get_action().takes_values() && !arg.is_require_equals_set();
        open = args.filter(|arg| takes(arg)).find(is_it).map(|arg| arg.get_id().to_string());
    }
    (words, open)
}

/// The part of the command line that says where the cluster is.
#[derive(Parser)]
#[command(ignore_errors = true, disable_help_flag = true)]
struct Where {
    #[command(flatten)]
    place: Place,
    #[arg(hide = true)]
    _rest: Vec<String>,
}

async fn ask(question: &Question, typed: &[String]) -> Option<Vec<String>> {
    let place = Where::try_parse_from(std::iter::once("kubectl".to_owned()).chain(typed.iter().cloned()));
    let cluster = place.ok()?.place.connect().await.ok()?;
    match question {
        Question::Name => {
            let objects = cluster.blue_greens(false).await.ok()?;
            Some(objects.iter().map(ResourceExt::name_any).collect())
        }
        Question::Gate(name) => Some(approvals(&cluster.blue_green(name).await.ok()?)),
        Question::Container(name) => {
            let object = cluster.blue_green(name).await.ok()?;
            assignments(&cluster, &object).await
        }
        Question::Known(_) | Question::Nothing => None,
    }
}

/// The workload is named only where there are several.
async fn assignments(cluster: &Cluster, object: &BlueGreen) -> Option<Vec<String>> {
    let deployments = cluster.deployments(object).await.ok()?;
    let several = object.spec.workloads.len() > 1;
    let of = |workload: &rollout::Workload| {
        let blue = deployments.iter().find(|one| one.name_any() == workload.blue.deployment);
        let names: Vec<_> = blue.into_iter().flat_map(containers).map(|(_, one)| one.name.clone()).collect();
        names
            .into_iter()
            .map(|name| if several { format!("{}/{name}=", workload.name) } else { format!("{name}=") })
            .collect::<Vec<_>>()
    };
    Some(object.spec.workloads.iter().flat_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Question {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let (last, typed) = words.split_last().expect("a word");
        question(typed, last)
    }

    fn candidates(line: &str) -> Vec<String> {
        let last = line.rsplit(' ').next().expect("a word").to_owned();
        let Question::Known(known) = asked(line) else { panic!("{line}: {:?}", asked(line)) };
        known.into_iter().filter(|one| one.starts_with(&last)).collect()
    }

    #[test]
    fn verbs_are_told_with_what_they_do() {
        assert_eq!(
            candidates("pro"),
            ["promote\tBring the traffic to the side that does not serve, with the images that it has"]
        );
        assert_eq!(candidates("").len(), 14);
    }

    #[test]
    fn what_follows_is_asked_of_the_cluster() {
        assert_eq!(asked("status "), Question::Name);
        assert_eq!(asked("-n shop status "), Question::Name);
        assert_eq!(asked("status -o yaml "), Question::Name);
        assert_eq!(asked("approve shop "), Question::Gate("shop".into()));
        assert_eq!(asked("release --force shop "), Question::Container("shop".into()));
        assert_eq!(asked("release shop app="), Question::Nothing);
        assert_eq!(asked("status shop "), Question::Nothing);
    }

    #[test]
    fn flags_colours_and_forms_are_known() {
        assert_eq!(candidates("release shop --wa"), ["--wait"]);
        assert_eq!(candidates("promote shop g"), ["green"]);
        assert_eq!(candidates("get -o y"), ["yaml"]);
        assert_eq!(asked("status -n "), Question::Nothing);
    }
}
