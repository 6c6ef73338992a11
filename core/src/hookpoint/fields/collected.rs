use crate::{
    desk::HookFields,
    hookpoint::{HookpointSettings, file::Kept, refusal::Refusal},
};

/// The fields of a hook so far.
pub(super) struct Collected<'s> {
    settings: &'s HookpointSettings,
    values: Vec<(String, String)>,
    /// Whether this hook carries a file.
    pub(super) with_file: bool,
    /// The file, once it is kept.
    pub(super) file: Option<Kept>,
    /// The file as it came in a body of text.
    pub(super) file_text: Option<String>,
    /// Whether what comes now stands in the query string.
    pub(super) in_query: bool,
    /// Whether a file was tried there.
    pub(super) file_in_query: bool,
}

impl<'s> Collected<'s> {
    /// The field of a file. The desk's guide prints it so; in any case of letters.
    const FILE: &'static str = "file";
    /// The field of a file's name, where the file comes as text. Ours: the guide has none.
    const FILE_NAME: &'static str = "fileName";

    pub(super) fn new(settings: &'s HookpointSettings, with_file: bool) -> Self {
        Self {
            settings,
            values: Vec::with_capacity(4),
            with_file,
            file: None,
            file_text: None,
            in_query: false,
            file_in_query: false,
        }
    }

    /// Whether a field of this name is the hook's file.
    pub(super) fn is_file(&self, name: &str) -> bool {
        self.with_file && name.eq_ignore_ascii_case(Self::FILE)
    }

    pub(super) fn field_bytes_max(&self) -> usize {
        self.settings.field_bytes_max
    }

    /// Adds a field that came as text.
    pub(super) fn add(&mut self, name: String, value: String) -> Result<(), Refusal> {
        if self.is_file(&name) {
            if self.in_query {
                self.file_in_query = true;
            } else if self.file_text.is_none() {
                self.file_text = Some(value);
            }
            return Ok(());
        }
        if name.len() + value.len() > self.settings.field_bytes_max {
            return Err(self.field_too_large());
        }
        if self.values.len() == self.settings.fields_max {
            return Err(Refusal::TooManyFields {
                max: self.settings.fields_max,
            });
        }
        self.values.push((name, value));
        Ok(())
    }

    pub(super) fn field_too_large(&self) -> Refusal {
        Refusal::TooLarge {
            what: "a field",
            bytes_max: self.settings.field_bytes_max as u64,
        }
    }

    pub(super) fn into_fields(self) -> HookFields {
        let mut fields = HookFields {
            values: self.values,
            file: None,
        };
        fields.file = self.file.map(|kept| kept.named(fields.get(Self::FILE_NAME)));
        fields
    }
}
