use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::history::Spec;

/// Accounts by number, all of them empty in the beginning. None is ever overdrawn.
#[derive(Clone, Copy, Debug)]
pub struct Bank;

/// What can be asked of a [`Bank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BankOperation {
    /// How much is in the account?
    Balance(u8),
    /// How much is in all accounts?
    Total,
    /// Puts so much into the account.
    Deposit(u8, u64),
    /// Takes so much out of the account, if it is there.
    Withdraw(u8, u64),
    /// Moves so much from the first account to the second, if it is there.
    Transfer(u8, u8, u64),
}

/// What a [`Bank`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BankAnswer {
    /// How much there is.
    Amount(u64),
    /// It is done.
    Done,
    /// There is too little in the account, and nothing has changed.
    TooLittle,
}

/// What is in the accounts that are not empty.
type Accounts = BTreeMap<u8, u64>;

fn balance(accounts: &Accounts, account: u8) -> u64 {
    accounts.get(&account).copied().unwrap_or(0)
}

fn deposit(accounts: &mut Accounts, account: u8, amount: u64) -> BankAnswer {
    let sum = balance(accounts, account).saturating_add(amount);
    // Accounts that are equal have to look equal.
    match sum {
        0 => accounts.remove(&account),
        sum => accounts.insert(account, sum),
    };
    BankAnswer::Done
}

fn withdraw(accounts: &mut Accounts, account: u8, amount: u64) -> BankAnswer {
    match balance(accounts, account).checked_sub(amount) {
        None => return BankAnswer::TooLittle,
        Some(0) => accounts.remove(&account),
        Some(rest) => accounts.insert(account, rest),
    };
    BankAnswer::Done
}

impl Spec for Bank {
    type State = Accounts;
    type Operation = BankOperation;
    type Answer = BankAnswer;

    fn initial() -> Accounts {
        Accounts::new()
    }

    fn apply(accounts: &mut Accounts, operation: &BankOperation) -> BankAnswer {
        match *operation {
            BankOperation::Balance(account) => BankAnswer::Amount(balance(accounts, account)),
            BankOperation::Total => BankAnswer::Amount(accounts.values().fold(0, |sum, n| sum.saturating_add(*n))),
            BankOperation::Deposit(account, amount) => deposit(accounts, account, amount),
            BankOperation::Withdraw(account, amount) => withdraw(accounts, account, amount),
            BankOperation::Transfer(from, to, amount) => match withdraw(accounts, from, amount) {
                BankAnswer::Done => deposit(accounts, to, amount),
                refused => refused,
            },
        }
    }
}

super::arbitrary!(
    BankOperation,
    prop_oneof![
        (0..2_u8).prop_map(BankOperation::Balance),
        Just(BankOperation::Total),
        (0..2_u8, 1..4_u64).prop_map(|(account, amount)| BankOperation::Deposit(account, amount)),
        (0..2_u8, 1..4_u64).prop_map(|(account, amount)| BankOperation::Withdraw(account, amount)),
        (0..2_u8, 0..2_u8, 1..4_u64).prop_map(|(from, to, amount)| BankOperation::Transfer(from, to, amount)),
    ]
);
