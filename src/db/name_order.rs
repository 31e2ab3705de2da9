//! The order of names.

/// What a name is put in order by, byte for byte: its small letters, and numbers in it by their value: `img 9` before
/// `img 10`.
#[must_use]
pub fn name_order(name: &str) -> String {
    let (mut key, mut digits) = (String::new(), String::new());
    let flush = |digits: &mut String, key: &mut String| {
        if !digits.is_empty() {
            let value = digits.trim_start_matches('0');
            // A longer number is a greater one; no name has more digits than this counts.
            key.push(char::from_u32(0x30 + value.len() as u32).unwrap_or('\u{ffff}'));
            key.push_str(value);
            digits.clear();
        }
    };
    for c in name.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            flush(&mut digits, &mut key);
            key.extend(c.to_lowercase());
        }
    }
    flush(&mut digits, &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_by_their_value() {
        let mut names = vec!["img10.jpg", "B.jpg", "img9.jpg", "a.jpg", "IMG010.jpg", "img1x.jpg"];
        names.sort_by_cached_key(|name| (name_order(name), (*name).to_owned()));
        assert_eq!(names, ["a.jpg", "B.jpg", "img1x.jpg", "img9.jpg", "IMG010.jpg", "img10.jpg"]);
    }
}
