//! The levels of folder access and the system permissions: the one place of each.

use crate::db;

/// What somebody may do in a folder; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Nothing.
    None = 0,
    /// Look at pictures.
    View = 10,
    /// Download originals.
    Download = 20,
    /// Change titles and descriptions.
    Edit = 30,
    /// Upload and replace pictures.
    Upload = 40,
    /// Delete pictures.
    Delete = 50,
    /// Make folders.
    CreateFolder = 60,
    /// Delete folders: full access.
    DeleteFolder = 70,
}

impl Level {
    /// Every level, from the lowest.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::View,
        Self::Download,
        Self::Edit,
        Self::Upload,
        Self::Delete,
        Self::CreateFolder,
        Self::DeleteFolder,
    ];

    /// The number under which it is stored, and sent in JSON.
    #[must_use]
    pub fn access(self) -> i64 {
        i64::from(self as u8)
    }

    /// The highest level that a stored number reaches.
    #[must_use]
    pub fn from_access(access: i64) -> Self {
        let reached = Self::ALL.into_iter().rev().find(|level| level.access() <= access);
        reached.unwrap_or(Self::None)
    }

    /// What it allows beyond the level before it, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "No access",
            Self::View => "View pictures",
            Self::Download => "Download originals",
            Self::Edit => "Edit details",
            Self::Upload => "Upload pictures",
            Self::Delete => "Delete pictures",
            Self::CreateFolder => "Create folders",
            Self::DeleteFolder => "Delete folders (full access)",
        }
    }
}

/// What the members of a group may do beside looking at pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SystemPermission {
    /// Make portfolios.
    Folios,
    /// Look at reports.
    Reports,
    /// Administer users and who belongs to which group.
    AdminUsers,
    /// Administer files and folders: full access to every folder.
    AdminFiles,
    /// Administer everybody's portfolios.
    AdminFolios,
    /// Administer permissions: of folders, and beside [`Self::AdminUsers`] what groups grant.
    AdminPermissions,
    /// Everything.
    AdminAll,
}

impl SystemPermission {
    /// Every system permission, in the order of the database's columns.
    pub const ALL: [Self; 7] = [
        Self::Folios,
        Self::Reports,
        Self::AdminUsers,
        Self::AdminFiles,
        Self::AdminFolios,
        Self::AdminPermissions,
        Self::AdminAll,
    ];

    /// Its name in the database, in JSON and in forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        db::system_permissions::COLUMNS[self as usize]
    }
}

/// A set of system permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemPermissions(u8);

impl SystemPermissions {
    /// The set of these, in the order of [`SystemPermission::ALL`].
    #[must_use]
    pub fn from_columns(granted: [bool; 7]) -> Self {
        let bits = granted.iter().enumerate().map(|(at, granted)| u8::from(*granted) << at);
        Self(bits.fold(0, |all, bit| all | bit))
    }

    /// Those of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set allows something. [`SystemPermission::AdminAll`] allows everything.
    #[must_use]
    pub fn has(self, permission: SystemPermission) -> bool {
        let bit = |permission: SystemPermission| 1_u8 << (permission as u8);
        self.0 & (bit(permission) | bit(SystemPermission::AdminAll)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_contract() {
        let numbers: Vec<i64> = Level::ALL.iter().map(|level| level.access()).collect();
        assert_eq!(numbers, [0, 10, 20, 30, 40, 50, 60, 70]);
        for level in Level::ALL {
            assert_eq!(Level::from_access(level.access()), level);
        }
        assert_eq!(Level::from_access(19), Level::View);
        assert_eq!(Level::from_access(-5), Level::None);
        assert_eq!(Level::from_access(1000), Level::DeleteFolder);
    }

    #[test]
    fn every_system_permission_stands_at_its_column() {
        for (at, permission) in SystemPermission::ALL.into_iter().enumerate() {
            assert_eq!(permission as usize, at);
            let mut columns = [false; 7];
            columns[at] = true;
            let set = SystemPermissions::from_columns(columns);
            for other in SystemPermission::ALL {
                let expected = other == permission || permission == SystemPermission::AdminAll;
                assert_eq!(set.has(other), expected, "{} {}", permission.name(), other.name());
            }
        }
        assert_eq!(SystemPermission::AdminFolios.name(), "admin_folios");
        assert_eq!(SystemPermission::AdminAll.name(), "admin_all");
    }
}
