//! The findings, for a person.

use super::{Finding, Verdict};
use crate::console::Console;

/// The most offences of an invariant that are shown; all of them are in the JSON.
const SHOWN: usize = 10;

/// One line for each invariant, and below one that is broken what breaks it.
pub(super) fn print(findings: &[Finding], console: &Console) {
    let mut style = "";
    for finding in findings {
        if finding.style != style {
            style = &finding.style;
            console.line(style);
        }
        print_one(finding, console);
    }
    let broken = findings.iter().filter(|finding| finding.verdict.is_broken()).count();
    let unknown =
        findings.iter().filter(|finding| matches!(finding.verdict, Verdict::NotChecked { .. })).count();
    let ok = findings.len() - broken - unknown;
    console.line(format_args!("{ok} ok, {broken} broken, {unknown} not checked"));
}

fn print_one(Finding { invariant, statement, verdict, .. }: &Finding, console: &Console) {
    match verdict {
        Verdict::Ok => console.line(format_args!("  {invariant}  ok       {statement}")),
        Verdict::NotChecked { reason } => {
            console.line(format_args!("  {invariant}  –        {statement} (not checked: {reason})"));
        }
        Verdict::Broken { offences } => {
            console.line(format_args!("  {invariant}  BROKEN   {statement}"));
            for offence in offences.iter().take(SHOWN) {
                console.line(format_args!("       {offence}"));
            }
            if offences.len() > SHOWN {
                console.line(format_args!("       and {} more", offences.len() - SHOWN));
            }
        }
    }
}
