//! The rows of one user, and what they say of him.

use bulkhead_sdk::{
    Attribute, Failure,
    backend::User,
    sql::{Table, Value},
};

use crate::configuration::Search;

/// A user that is there.
#[derive(Debug)]
pub(crate) struct Found {
    /// The stored password, if it is there.
    password: Option<Vec<u8>>,
    attributes: Vec<Attribute>,
    groups: Vec<String>,
}

impl Found {
    /// Nothing without rows.
    pub(crate) fn new(search: &Search, table: Table) -> Result<Option<Self>, Failure> {
        if table.rows.is_empty() {
            return Ok(None);
        }
        let columns = Columns(&table);
        let password = columns.password(search)?;
        let attributes = columns.attributes(search)?;
        let accounts = attributes
            .iter()
            .find(|attribute| attribute.name == search.account_field)
            .map_or(0, |attribute| attribute.values.len());
        if accounts > 1 {
            return Err(Failure::new("`user` yields rows of several accounts"));
        }
        let groups = match &search.groups_column {
            Some(name) => columns.values(columns.place(name)?),
            None => Vec::new(),
        };
        Ok(Some(Self {
            password,
            attributes,
            groups: groups.iter().map(ToString::to_string).collect(),
        }))
    }

    /// The stored password; none if it is empty: an empty one would match what is never meant.
    pub(crate) fn password(&self) -> Option<&[u8]> {
        self.password.as_deref().filter(|stored| !stored.is_empty())
    }

    /// Adds what is known.
    pub(crate) fn describe(self, user: User, search: &Search) -> User {
        let field = |name: &Option<String>| name.clone().unwrap_or_default();
        User {
            account_field: search.account_field.clone(),
            totp_secret_field: field(&search.totp_secret_field),
            totp_recovery_field: field(&search.totp_recovery_field),
            unique_user_id_field: field(&search.unique_user_id_field),
            display_name_field: field(&search.display_name_field),
            attributes: self.attributes,
            groups: self.groups,
            ..user
        }
    }
}

/// A table, by column.
struct Columns<'a>(&'a Table);

impl Columns<'_> {
    /// Where the column is. Names are compared without regard to case: databases fold them.
    fn place(&self, name: &str) -> Result<usize, Failure> {
        let places = self.0.columns.iter().enumerate();
        let mut places = places.filter(|(_, column)| column.eq_ignore_ascii_case(name));
        match (places.next(), places.next()) {
            (Some((place, _)), None) => Ok(place),
            (None, _) => {
                let message = format!("`user` yields no column `{name}`");
                Err(Failure::new(message))
            }
            (Some(_), Some(_)) => {
                let message = format!("`user` yields two columns `{name}`");
                Err(Failure::new(message))
            }
        }
    }

    /// What the rows have there: each value once, in order, but for NULL.
    fn values(&self, place: usize) -> Vec<bulkhead_sdk::Value> {
        let mut values = Vec::new();
        for row in &self.0.rows {
            let value = row.get(place).cloned().and_then(attribute);
            values.extend(value.filter(|value| !values.contains(value)));
        }
        values
    }

    fn attributes(&self, search: &Search) -> Result<Vec<Attribute>, Failure> {
        let mut wanted: Vec<(&str, &str)> = Vec::new();
        match &search.attributes {
            Some(mapping) => {
                wanted.extend(mapping.iter().map(|(name, column)| (&**name, &**column)));
            }
            None => {
                let hidden = [Some(&search.password_column), search.groups_column.as_ref()];
                let hidden = |name: &String| {
                    let mut hidden = hidden.iter().flatten();
                    hidden.any(|hidden| hidden.eq_ignore_ascii_case(name))
                };
                let columns = self.0.columns.iter().filter(|name| !hidden(name));
                wanted.extend(columns.map(|name| (name.as_str(), name.as_str())));
            }
        }
        for (_, field) in search.fields() {
            match wanted
                .iter_mut()
                .find(|(name, _)| name.eq_ignore_ascii_case(field))
            {
                // Written as the configuration writes it: it is looked for by this name.
                Some((name, _)) => *name = field,
                None => wanted.push((field, field)),
            }
        }
        let mut attributes = Vec::new();
        for (name, column) in wanted {
            let values = self.values(self.place(column)?);
            if !values.is_empty() {
                attributes.push(Attribute {
                    name: name.to_owned(),
                    values,
                });
            }
        }
        Ok(attributes)
    }

    /// The stored password; the column is needed unless a statement compares.
    fn password(&self, search: &Search) -> Result<Option<Vec<u8>>, Failure> {
        if search.verify.is_some() {
            return Ok(None);
        }
        let place = self.place(&search.password_column)?;
        let mut rows = self.0.rows.iter().filter_map(|row| row.get(place));
        let first = rows.next();
        if rows.any(|value| Some(value) != first) {
            return Err(Failure::new("`user` yields rows of several passwords"));
        }
        match first.cloned().and_then(attribute) {
            None => Ok(None),
            Some(bulkhead_sdk::Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(bulkhead_sdk::Value::Text(text)) => Ok(Some(text.into_bytes())),
            Some(_) => {
                let message = format!("`{}` holds no text", search.password_column);
                Err(Failure::new(message))
            }
        }
    }
}

/// A value that is not NULL.
pub(crate) fn attribute(value: Value) -> Option<bulkhead_sdk::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Text(text) => bulkhead_sdk::Value::Text(text),
        Value::Integer(number) => bulkhead_sdk::Value::Integer(number),
        Value::Decimal(number) => bulkhead_sdk::Value::Decimal(number),
        Value::Boolean(truth) => bulkhead_sdk::Value::Boolean(truth),
        Value::Bytes(bytes) => bulkhead_sdk::Value::Bytes(bytes),
    })
}
