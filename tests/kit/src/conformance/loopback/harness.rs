use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use escalator::channel::Ingress;
use tokio_util::sync::CancellationToken;

use super::{Loopback, LoopbackChannel, What};
use crate::conformance::{
    Patience, Unsupported,
    channel::{Act, ChannelHarness, Connected, Customer, Fault, Platform, Shown},
};

const TOKEN: &str = "loopback-7f3a-token";

/// The suite's way to the reference channel.
#[derive(Clone, Copy, Debug)]
pub struct LoopbackHarness {
    is_rich: bool,
    patience: Patience,
}

impl LoopbackHarness {
    /// A platform with everything.
    pub fn full() -> Self {
        Self {
            is_rich: true,
            patience: Patience::default(),
        }
    }

    /// A platform of texts alone.
    pub fn text_only() -> Self {
        Self {
            is_rich: false,
            ..Self::full()
        }
    }

    /// Waits less: everything is in memory, and a faulty twin should fail soon.
    pub fn impatient(mut self) -> Self {
        self.patience = Patience {
            soon: Duration::from_millis(1_500),
            quiet: Duration::from_millis(60),
        };
        self
    }
}

#[async_trait]
impl ChannelHarness for LoopbackHarness {
    async fn platform(&self) -> Arc<dyn Platform> {
        Arc::new(Stand(Loopback::new(TOKEN, self.is_rich)))
    }

    fn patience(&self) -> Patience {
        self.patience
    }
}

struct Stand(Arc<Loopback>);

#[async_trait]
impl Platform for Stand {
    async fn connect(&self, ingress: Ingress, _: CancellationToken) -> Connected {
        let channel = LoopbackChannel::new(Arc::clone(&self.0), TOKEN, ingress);
        Connected {
            debug: Some(format!("{channel:?}")),
            channel: Arc::new(channel),
            receiving: None,
        }
    }

    async fn customer(&self, who: Customer, act: Act) -> Result<(), Unsupported> {
        let what = match act {
            Act::Write(line) => What::Line(line),
            Act::Edit(line) => What::Edit(line),
            Act::Send { name, bytes } if self.0.is_rich() => What::File {
                name,
                handle: self.0.upload(bytes),
            },
            Act::Type if self.0.is_rich() => What::Typing,
            Act::End => What::End,
            _ => return Err(Unsupported),
        };
        self.0.push(who, what);
        Ok(())
    }

    fn acknowledged(&self) -> Option<usize> {
        Some(self.0.acknowledged())
    }

    fn redelivers(&self) -> bool {
        true
    }

    fn heard(&self) -> usize {
        self.0.heard()
    }

    fn shown(&self, to: Customer) -> Vec<Shown> {
        self.0.shown(to)
    }

    async fn set_fault(&self, fault: Fault) -> Result<(), Unsupported> {
        self.0.set_fault(fault);
        Ok(())
    }

    async fn mend(&self) {
        self.0.mend();
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }
}
