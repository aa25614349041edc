//! The ledger of a node, for its clients.

use std::time::{SystemTime, UNIX_EPOCH};

use tabmesh_engine::{NodeId, Status};
use tabmesh_ledger::{Account, Action, Mode, Operation};
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::mpsc::UnboundedReceiver;

use super::answer::{Ended, Reader, failed, parse_id, stopping, until_gone, write_in_time};
use crate::control::ledger::{
    BalanceLine, HeadLine, LedgerDone, LedgerWish, NewsLine, OperationLine, PastLine, StatusLine, VoterLine,
};
use crate::control::{Answer, Done, frame};
use crate::driver::Handle;
use crate::identity::{hex, hex_of};
use crate::ledger::text::Credits;
use crate::ledger::{AccountView, Head, Ledger, News, Past, StatusView, VoterView};
use crate::sentences::ledger::{no_gift, refused};

const NONE: &str = "this node takes part in no ledger; start it with `tabmesh run --ledger GENESIS`";

pub(super) async fn serve(
    handle: &Handle,
    ledger: Option<&Ledger>,
    wish: LedgerWish,
    reader: &mut Reader,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let ledger = ledger.ok_or_else(|| failed(Status::NotImplemented, NONE))?;
    let id = |id: Option<String>| id.map_or(Ok(handle.id()), |id| parse_id(&id));
    let done = match wish {
        LedgerWish::Balance { id: of } => {
            LedgerDone::Balance(balance(&ledger.account(id(of)?).await.ok_or_else(stopping)?))
        }
        LedgerWish::Send { to, amount, until } => {
            let wrong = |why: &'static str| failed(Status::BadRequest, why);
            let Credits(amount) = amount.parse().map_err(wrong)?;
            let news = ledger.send(parse_id(&to)?, amount, until.unwrap_or(0));
            until_gone(reader, tell(news, writer)).await??
        }
        LedgerWish::Faucet { of } => {
            let news = ledger.request(of.map(|of| parse_id(&of)).transpose()?);
            until_gone(reader, tell(news, writer)).await??
        }
        LedgerWish::History { id: of, since } => {
            let read = ledger.history(id(of)?, since).await;
            let (past, next) = read.map_err(|error| failed(Status::InternalError, error.to_string()))?;
            LedgerDone::History { operations: past.iter().map(past_line).collect(), next }
        }
        LedgerWish::Voters {} => {
            let view = handle.look().await.ok_or_else(stopping)?;
            let line = |voter: &VoterView| {
                let link = view.links.iter().find(|(link, _)| link.id == voter.id).map(|(link, _)| link);
                VoterLine {
                    id: hex(&voter.id),
                    own: voter.is_own,
                    linked: link.is_some(),
                    rtt_ms: link.filter(|link| link.rtt_us > 0).map(|link| f64::from(link.rtt_us) / 1000.0),
                    signed: voter.signed,
                    of: voter.of,
                    last: voter.last,
                }
            };
            LedgerDone::Voters(ledger.voters().await.iter().map(line).collect())
        }
        LedgerWish::Status {} => LedgerDone::Status(status(&ledger.status().await.ok_or_else(stopping)?)),
    };
    Ok(Done::Ledger(Box::new(done)))
}

/// Tells what becomes of an operation, until that is decided.
async fn tell(mut news: UnboundedReceiver<News>, writer: &mut OwnedWriteHalf) -> Result<LedgerDone, Ended> {
    while let Some(news) = news.recv().await {
        let line = match news {
            News::Made(operation) => NewsLine::Made(operation_line(&operation)),
            News::Given { voter, operation } => {
                NewsLine::Given { voter: hex(&voter), operation: operation_line(&operation) }
            }
            News::Certified => NewsLine::Certified {},
            News::Settled => NewsLine::Settled {},
            News::Included { height } => NewsLine::Included { height },
            News::Refused(code) => NewsLine::Refused { code, why: refused(code).1.to_owned() },
            News::Dropped(code) | News::Unmade(code) => {
                let (status, why) = refused(code);
                return Err(failed(status, format!("{why} (refusal {code})")));
            }
            News::NoGift(why) => {
                let (status, why) = no_gift(why);
                return Err(failed(status, why));
            }
        };
        let is_last = matches!(line, NewsLine::Included { .. });
        write_in_time(frame::write_header(writer, &Answer::Ledger(line))).await?;
        if is_last {
            return Ok(LedgerDone::Ended {});
        }
    }
    Err(stopping())
}

fn text(grains: u64) -> String {
    Credits(grains).to_string()
}

fn head_line(head: &Head) -> HeadLine {
    let mode = match head.mode {
        Mode::Following => "following",
        Mode::Strong => "strong",
        Mode::Eventual => "eventual",
    };
    HeadLine { height: head.height, epoch: head.epoch, view: head.view, mode: mode.to_owned() }
}

fn balance(view: &AccountView) -> BalanceLine {
    let balance = view.account.map_or(0, |account| account.balance);
    let unlock = view.account.map(|account| account.unlock).filter(|unlock| *unlock > 0);
    BalanceLine {
        id: hex(&view.id),
        exists: view.account.is_some(),
        spendable: text(balance.saturating_sub(view.promised)),
        balance: text(balance),
        promised: text(view.promised),
        bond: text(view.account.as_ref().map_or(0, Account::bonded)),
        unlock,
        sequence: view.sequence,
        head: head_line(&view.head),
    }
}

fn operation_line(operation: &Operation) -> OperationLine {
    let (kind, to, amount) = match &operation.action {
        Action::Transfer { to, amount } => ("transfer", Some(hex(to)), Some(text(*amount))),
        Action::Bond { credits } => ("bond", None, Some(credits.to_string())),
        Action::Leave => ("leave", None, None),
        Action::Set { .. } => ("set", None, None),
        Action::Join { .. } => ("join", None, None),
        Action::Thaw { .. } => ("thaw", None, None),
        Action::Renew { amount, .. } => ("renew", None, Some(text(*amount))),
    };
    OperationLine {
        operation: hex_of(&operation.id()),
        kind: kind.to_owned(),
        from: hex(&NodeId::of_key(&operation.key)),
        to,
        amount,
        fee: text(operation.fee.into()),
        sequence: operation.sequence,
        until: operation.until,
    }
}

fn past_line(past: &Past) -> PastLine {
    let Past { height, epoch, is_conflict, operation } = past;
    PastLine { height: *height, epoch: *epoch, conflict: *is_conflict, operation: operation_line(operation) }
}

fn status(view: &StatusView) -> StatusLine {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let since = now_ms.checked_sub(view.starts_ms);
    let role = match view.seat {
        Some(_) if view.votes => "votes",
        Some(_) => "no journal",
        None => "follows",
    };
    StatusLine {
        ledger: hex_of(&view.ledger),
        test: view.is_test,
        head: head_line(&view.head),
        epoch_now: since.map(|since| since / u64::from(view.terms.epoch_ms)),
        epoch_ms: view.terms.epoch_ms,
        role: role.to_owned(),
        voters: view.voters,
        clock_doubtful: view.is_clock_doubtful,
        waiting: view.waiting,
        blocks: view.blocks,
        records: view.records,
        bytes: view.bytes,
        trouble: view.trouble.clone(),
        faucet: view.faucet.map(text),
    }
}
