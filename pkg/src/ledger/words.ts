// What goes wrong with a ledger, in words that pages without one do not load.

import { type Entry, MeshError } from '../errors.js';

/** By code; whether an operation that ends so can still be done by a block. */
const ENTRIES = {
  1120: ['BadGenesis', 'These bytes are no genesis that this version knows: fetch them again from where the ledger is told of, or renew the package.'],
  1121: ['NoLedger', 'No ledger is told of at this address: a signalling server tells of one with --genesis.'],
  1122: ['WrongNetwork', 'This ledger belongs to another network: join that one, or take the genesis of this one.'],
  1123: ['OtherLedger', 'This mesh follows another ledger already: close that first.'],
  1124: ['BadAmount', 'An amount is a BigInt of grains, 1 to 2^62, not a number: credits(\'1.25\') makes one of a text with up to 6 decimals.'],
  1125: ['NoVoter', 'This tab is no voter of the genesis, so that nothing begins with it: leave begin away.'],
  1126: ['HasBegun', 'This ledger has begun, and this tab has no journal of what it signed: a voter without one does not vote again. Leave begin away: the tab follows.'],
  1127: ['NothingKept', 'This browser keeps nothing for the page, and a voter that forgets what it signed could contradict itself: allow site data. The tab follows without voting.'],
  1128: ['VotesElsewhere', 'Another page has this tab\'s journal open: close that one and load this one again. The tab follows without voting.'],
  1129: ['StoreFailed', 'The browser could not keep what this voter signs: free some room on this device, then load the page again. The tab follows without voting.'],
  1130: ['StoreNewer', 'A newer version of this page has kept this ledger: load the page again.'],
  1131: ['StoreDamaged', 'What this browser kept of the ledger is damaged: delete the data of this site; its key, and with it the seat of a voter, goes too.'],
  1132: ['Behind', 'No voter gave the newest block in time: see that this tab has joined and that voters run. The tab goes on looking.'],
  1133: ['Busy', 'As many transfers, watched accounts or questions are under way as there can be: wait until one of them has ended.'],
  1134: ['Unsure', 'No block told in time what became of this transfer: it may still be done. Look into the history before it is sent again.'],
  1135: ['NotYet', 'The transfer did not come so far in the time that was given: it goes on.'],
  1136: ['NoFaucet', 'No voter gave test credits: only test networks have a faucet, and it gives so much to one, and to all, in an epoch.'],

  1141: ['Refused', 'The ledger does not take this operation: renew the package.'],
  1145: ['BadSignature', 'The signature of this operation does not hold: send it again.'],
  1146: ['Expired', 'The transfer was not done in its time, and will not be: send it again.'],
  1147: ['NoAccount', 'This tab has no account yet: somebody has to send it credits first.'],
  1148: ['SequenceUsed', 'Another operation of this account had this place, and this one will not be done: send it again.'],
  1149: ['SequenceGap', 'Earlier operations of this account are missing: wait until they are final, then send it again.'],
  1150: ['TooManyNow', 'This account did as much as it may for now: wait an epoch, then send it again.'],
  1151: ['FeeTooLow', 'The fee is below the ledger\'s: renew the package.'],
  1152: ['Insufficient', 'There are fewer credits than that, the fee included: send less.'],
  1153: ['TooLittleLeft', 'Too little would be left to pay the account\'s rent: send less, or all but the fee.'],
  1154: ['TooLittle', 'Too little for a new account: it has to pay its rent for a while. Send more.'],
  1155: ['TooMuch', 'The receiver would have more than there may be: send less.'],
  1156: ['TableFull', 'The ledger has no room for another account: send to one that is there.'],
  1157: ['ToSelf', 'Payer and receiver are one: give another id.'],
  1163: ['Elsewhere', 'The receiver\'s account is in another neighbourhood, which cannot be reached yet.'],
  1172: ['Conflict', 'This account signed two operations of one number: both paid, and none was done. Send it again, from one place.'],
  1173: ['Later', 'As many transfers of this tab are under way as there can be: wait until one of them is final.'],
} as const satisfies Record<number, Entry>;

export const WORD = {
  badGenesis: 1120,
  noLedger: 1121,
  wrongNetwork: 1122,
  otherLedger: 1123,
  badAmount: 1124,
  noVoter: 1125,
  hasBegun: 1126,
  nothingKept: 1127,
  votesElsewhere: 1128,
  storeFailed: 1129,
  storeNewer: 1130,
  storeDamaged: 1131,
  behind: 1132,
  busy: 1133,
  unsure: 1134,
  notYet: 1135,
  noFaucet: 1136,
  refused: 1141,
  badSignature: 1145,
  expired: 1146,
  noAccount: 1147,
  sequenceUsed: 1148,
  sequenceGap: 1149,
  tooManyNow: 1150,
  feeTooLow: 1151,
  insufficient: 1152,
  tooLittleLeft: 1153,
  tooLittle: 1154,
  tooMuch: 1155,
  tableFull: 1156,
  toSelf: 1157,
  elsewhere: 1163,
  conflict: 1172,
  later: 1173,
} as const;

export type Word = (typeof WORD)[keyof typeof WORD];

/** The numbers of refusals (`core-wasm/ledger/src/refusal.rs`) stand behind this one among the codes. */
const REFUSALS = 1140;

/** The error of something that went wrong so. */
export const wrong = (code: Word, detail?: string, options?: ErrorOptions): MeshError => new MeshError(code, detail, { ...options, entry: ENTRIES[code] });

/** The error of an operation that was refused with this number. */
export function refused(number: number): MeshError {
  const code = REFUSALS + number;
  return code in ENTRIES ? wrong(code as Word) : wrong(WORD.refused, `refusal ${number}`);
}
