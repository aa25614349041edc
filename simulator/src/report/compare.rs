//! Compares a world with its twin, in which nobody lied.

use super::Report;
use super::twin::{Measure, Twin};
use crate::results::{SPAN_US, Sample};
use crate::scenario::Scenario;

/// Adds to a report how its world differs from the twin's; from `from_s` on the two should be alike.
pub(crate) fn with_twin(own: &mut Report, scenario: &Scenario, twin: &Report, from_s: f64) {
    let twin = compare(own, twin, from_s);
    own.add_twin(scenario, twin);
}

fn compare(own: &Report, twin: &Report, from_s: f64) -> Twin {
    let mean = |report: &Report, of: fn(&Sample) -> f64| {
        let late: Vec<f64> = report.samples.iter().filter(|one| one.at_s >= from_s).map(of).collect();
        late.iter().sum::<f64>() / late.len().max(1) as f64
    };
    let right = |report: &Report| {
        let late = report.spans.range((from_s * 1e6) as u64 / SPAN_US..);
        let (judged, right) = late.fold((0, 0), |sum, (_, span)| (sum.0 + span.0, sum.1 + span.1));
        right as f64 / judged.max(1) as f64
    };
    let sample = |name, of| Measure { name, own: mean(own, of), twin: mean(twin, of) };
    let mut measures = vec![
        sample("neighbours known", |one| one.known),
        sample("buckets linked", |one| one.buckets),
        sample("links a node", |one| one.links),
        sample("bytes of state a node", |one| one.engine_bytes_mean),
    ];
    if twin.lookups.judged > 0 {
        measures.push(Measure { name: "lookups right", own: right(own), twin: right(twin) });
    }
    let more = |own: u64, twin: u64| own.saturating_sub(twin) as f64;
    let (by_honest, by_liars) = own.sent_by;
    let pairs = own.samples.iter().zip(&twin.samples);
    let more_links = pairs
        .filter(|(own, _)| own.at_s < from_s)
        .map(|(own, twin)| own.links_to_liars / twin.links_to_liars);
    Twin {
        links_to_liars: more_links.filter(|times| times.is_finite()).fold(0.0, f64::max),
        amplification: more(by_honest, twin.sent_by.0) / more(by_liars, twin.sent_by.1).max(1.0),
        difference: measures.iter().map(Measure::difference).fold(0.0, f64::max),
        measures,
        blamed_more: own.blamed.saturating_sub(twin.blamed),
        traffic: own.traffic.engine / twin.traffic.engine.max(1e-9),
    }
}
