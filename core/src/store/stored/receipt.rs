//! The stored form of a receipt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stored;
use crate::{
    delivery::{Availability, Receipt},
    model::Address,
};

impl Stored for Receipt {
    const KIND: &'static str = "receipt";
    type Form = ReceiptForm;
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum ReceiptForm {
    None,
    Message {
        id: String,
    },
    Place {
        place: String,
    },
    Ticket {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    Availability {
        no_agents: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        asks_phone: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        asks_email: bool,
        texts: BTreeMap<String, String>,
    },
}

impl From<&Receipt> for ReceiptForm {
    fn from(receipt: &Receipt) -> Self {
        match receipt {
            Receipt::None => Self::None,
            Receipt::Message { id } => Self::Message { id: id.clone() },
            Receipt::Place { place } => Self::Place {
                place: place.as_str().to_owned(),
            },
            Receipt::Ticket { ticket, message } => Self::Ticket {
                ticket: ticket.clone(),
                message: message.clone(),
            },
            Receipt::Availability(Availability {
                no_agents,
                asks_phone,
                asks_email,
                texts,
            }) => Self::Availability {
                no_agents: *no_agents,
                asks_phone: *asks_phone,
                asks_email: *asks_email,
                texts: texts.clone(),
            },
        }
    }
}

impl From<ReceiptForm> for Receipt {
    fn from(form: ReceiptForm) -> Self {
        match form {
            ReceiptForm::None => Self::None,
            ReceiptForm::Message { id } => Self::Message { id },
            ReceiptForm::Place { place } => Self::Place {
                place: Address::new(place),
            },
            ReceiptForm::Ticket { ticket, message } => Self::Ticket { ticket, message },
            ReceiptForm::Availability {
                no_agents,
                asks_phone,
                asks_email,
                texts,
            } => Self::Availability(Availability {
                no_agents,
                asks_phone,
                asks_email,
                texts,
            }),
        }
    }
}
