//! Rules that hold between settings.

use super::Settings;

/// What is wrong with the settings together, each with the setting to change.
pub(super) fn broken(settings: &Settings) -> Vec<(&'static str, String)> {
    let s = settings;
    let mut broken = Vec::new();
    let mut rule = |holds: bool, name: &'static str, reason: &str| {
        if !holds {
            broken.push((name, reason.to_owned()));
        }
    };
    rule(
        s.held_megapixels <= s.declared_megapixels,
        "held_megapixels",
        "must not be more than declared_megapixels",
    );
    rule(
        s.held_megapixels <= s.pixel_budget_megapixels,
        "pixel_budget_megapixels",
        "must not be less than held_megapixels, or the largest pictures could never be made",
    );
    rule(
        s.public_max_width <= s.max_image_dimension,
        "public_max_width",
        "must not be more than max_image_dimension",
    );
    rule(
        s.public_max_height <= s.max_image_dimension,
        "public_max_height",
        "must not be more than max_image_dimension",
    );
    rule(
        s.memory_cache_mb < s.max_worker_memory_mb,
        "memory_cache_mb",
        "must be less than max_worker_memory_mb, of which it is a part",
    );
    rule(
        u64::from(s.body_memory_kb) <= u64::from(s.max_body_mb) * 1024,
        "body_memory_kb",
        "must not be more than max_body_mb",
    );
    rule(
        u64::from(s.rights_max_age_s) * 1000 >= u64::from(s.rights_poll_ms),
        "rights_max_age_s",
        "must not be less than rights_poll_ms, or rights would be too old between two looks",
    );
    rule(
        s.ldap_url.is_empty() || !s.ldap_base.is_empty(),
        "ldap_base",
        "must say where to look in the directory that ldap_url names",
    );
    rule(
        s.ldap_url.is_empty() || s.ldap_type != "active_directory" || !s.ldap_bind_user.is_empty(),
        "ldap_bind_user",
        "must name an account: Active Directory lets nobody look users up without one",
    );
    rule(
        s.signatures_for.iter().all(|line| line.starts_with('!')) || !s.signing_keys.is_empty(),
        "signing_keys",
        "must hold a key, or no address that signatures_for demands could be signed",
    );
    let places = |target: &str| {
        ["{year}", "{month}", "{day}"]
            .iter()
            .fold(target.to_owned(), |t, place| t.replace(place, "1"))
    };
    rule(
        s.upload_targets.iter().all(|target| {
            let path = places(target);
            let mut names = path.trim_matches('/').split('/');
            !path.contains(['{', '}'])
                && names.all(|name| !name.is_empty() && !name.starts_with('.'))
        }),
        "upload_targets",
        "must be paths within the library, with no other places than {year}, {month} and {day}",
    );
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fit_each_other() {
        assert_eq!(broken(&Settings::default()), []);
    }

    #[test]
    fn every_rule_can_be_broken() {
        type Change = fn(&mut Settings);
        let breaks: [(&str, Change); 10] = [
            ("signing_keys", |s| s.signatures_for = vec!["/".into()]),
            ("held_megapixels", |s| s.declared_megapixels = 100),
            ("pixel_budget_megapixels", |s| s.pixel_budget_megapixels = 100),
            ("public_max_width", |s| s.public_max_width = 15_001),
            ("public_max_height", |s| s.public_max_height = 15_001),
            ("memory_cache_mb", |s| s.memory_cache_mb = 1024),
            ("body_memory_kb", |s| {
                s.max_body_mb = 1;
                s.body_memory_kb = 1025;
            }),
            ("rights_max_age_s", |s| s.rights_max_age_s = 0),
            ("ldap_base", |s| s.ldap_url = "ldap://dc1".into()),
            ("ldap_bind_user", |s| {
                s.ldap_url = "ldap://dc1".into();
                s.ldap_base = "dc=example".into();
                s.ldap_type = "active_directory".into();
            }),
        ];
        for (name, change) in breaks {
            let mut settings = Settings::default();
            change(&mut settings);
            let names: Vec<&str> = broken(&settings).iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [name]);
        }
    }
}
