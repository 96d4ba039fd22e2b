//! Names that many rows refer to: nodes, and the types of values.

use std::borrow::Cow;
use std::collections::HashMap;

use dynagraph_runtime::store::NodeInfo;
use rusqlite::{Connection, Result, Row, params};

/// A name that is in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameRef {
    pub(crate) id: i64,
    /// A checksum of the name, which goes into those of the rows that refer to it.
    pub(crate) checksum: u32,
}

/// The names that the writer knows of.
#[derive(Debug, Default)]
pub(crate) struct Names {
    nodes: HashMap<NodeInfo, NameRef>,
    last_node: i64,
    types: HashMap<String, NameRef>,
    last_type: i64,
    /// The type that was asked for last.
    latest: Option<(String, NameRef)>,
}

impl Names {
    /// The node in the database. Within a transaction, as it is written if it is not there.
    pub(crate) fn node(&mut self, conn: &Connection, node: &NodeInfo) -> Result<NameRef> {
        if !self.nodes.contains_key(node) {
            // Another process may have written it.
            for (id, node) in read_nodes(conn, self.last_node)? {
                self.know(id, node);
            }
        }
        if let Some(known) = self.nodes.get(node) {
            return Ok(*known);
        }
        let mut statement = conn.prepare(
            "INSERT INTO node (name, op, version, outputs, cached, inputs) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        let (outputs, version) = (node.outputs.join("\n"), node.version.as_deref());
        let inputs = node.inputs.join("\n");
        statement.execute(params![node.name, node.op, version, outputs, node.cached, inputs])?;
        Ok(self.know(conn.last_insert_rowid(), node.clone()))
    }

    fn know(&mut self, id: i64, node: NodeInfo) -> NameRef {
        let name = NameRef { id, checksum: node_checksum(&node) };
        self.last_node = self.last_node.max(id);
        self.nodes.insert(node, name);
        name
    }

    /// The type's name in the database. Within a transaction, as it is written if it is not there.
    pub(crate) fn type_name(&mut self, conn: &Connection, name: &str) -> Result<NameRef> {
        if let Some((latest, known)) = &self.latest
            && latest == name
        {
            return Ok(*known);
        }
        let known = self.find_type(conn, name)?;
        self.latest = Some((name.to_owned(), known));
        Ok(known)
    }

    fn find_type(&mut self, conn: &Connection, name: &str) -> Result<NameRef> {
        if let Some(known) = self.types.get(name) {
            return Ok(*known);
        }
        for (id, name) in read_types(conn, self.last_type)? {
            self.know_type(id, name);
        }
        if let Some(known) = self.types.get(name) {
            return Ok(*known);
        }
        conn.execute("INSERT INTO type_name (name) VALUES (?)", [name])?;
        Ok(self.know_type(conn.last_insert_rowid(), name.to_owned()))
    }

    fn know_type(&mut self, id: i64, name: String) -> NameRef {
        let known = NameRef { id, checksum: type_checksum(&name) };
        self.last_type = self.last_type.max(id);
        self.types.insert(name, known);
        known
    }
}

/// The nodes after a number.
pub(crate) fn read_nodes(conn: &Connection, after: i64) -> Result<Vec<(i64, NodeInfo)>> {
    let sql = "SELECT id, name, op, version, outputs, cached, inputs FROM node WHERE id > ?";
    let mut statement = conn.prepare(sql)?;
    statement.query_map([after], read_node)?.collect()
}

fn read_node(row: &Row<'_>) -> Result<(i64, NodeInfo)> {
    let mut node = NodeInfo::new(row.get::<_, String>(1)?, row.get::<_, String>(2)?);
    node.version = row.get::<_, Option<String>>(3)?.map(Cow::Owned);
    node.outputs = lines(row.get(4)?);
    node.cached = row.get(5)?;
    node.inputs = lines(row.get::<_, Option<String>>(6)?.unwrap_or_default());
    Ok((row.get(0)?, node))
}

fn lines(names: String) -> Vec<Cow<'static, str>> {
    if names.is_empty() {
        return Vec::new();
    }
    names.split('\n').map(|name| Cow::Owned(name.to_owned())).collect()
}

/// The names of types after a number.
pub(crate) fn read_types(conn: &Connection, after: i64) -> Result<Vec<(i64, String)>> {
    let mut statement = conn.prepare("SELECT id, name FROM type_name WHERE id > ?")?;
    let types = statement.query_map([after], |row| Ok((row.get(0)?, row.get(1)?)))?;
    types.collect()
}

pub(crate) fn node_checksum(node: &NodeInfo) -> u32 {
    let outputs = node.outputs.join("\n");
    let inputs = node.inputs.join("\n");
    let version = node.version.as_deref();
    let mut bytes = vec![u8::from(node.cached), u8::from(version.is_some())];
    let texts = [&*node.name, &*node.op, version.unwrap_or_default(), &outputs];
    // The first schema has no inputs.
    let inputs = (!inputs.is_empty()).then_some(inputs.as_str());
    for text in texts.into_iter().chain(inputs) {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    crc32fast::hash(&bytes)
}

pub(crate) fn type_checksum(name: &str) -> u32 {
    crc32fast::hash(name.as_bytes())
}
