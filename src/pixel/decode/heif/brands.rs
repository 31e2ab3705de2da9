//! Telling AVIF from HEIC by the brands that a file begins with (ISO/IEC 14496-12, 4.3).

const AV1_BRANDS: &[&[u8; 4]] = &[b"avif", b"avis"];
const HEIC_BRANDS: &[&[u8; 4]] =
    &[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

/// Whether a file holds AV1 pictures.
pub(in crate::pixel) fn is_avif(head: &[u8]) -> bool {
    is_heif(head, AV1_BRANDS, AV1_BRANDS)
}

/// Whether a file names a brand of HEVC pictures, or of no codec in particular.
pub(in crate::pixel) fn is_heic(head: &[u8]) -> bool {
    is_heif(head, HEIC_BRANDS, &[])
}

/// Whether a file starts with the box of ISO/IEC 14496-12 that names one of the `major` brands, or
/// the brand of no codec in particular and one of `compatible` beside it.
fn is_heif(head: &[u8], major: &[&[u8; 4]], compatible: &[&[u8; 4]]) -> bool {
    let Some((start, rest)) = head.split_first_chunk::<16>() else { return false };
    let [a, b, c, d, b'f', b't', b'y', b'p', name @ .., _, _, _, _] = start else { return false };
    if major.contains(&name) {
        return true;
    }
    let listed = (u32::from_be_bytes([*a, *b, *c, *d]) as usize).saturating_sub(16);
    let listed = &rest[..listed.min(rest.len())];
    matches!(name, b"mif1" | b"msf1")
        && listed.as_chunks().0.iter().any(|brand| compatible.contains(&brand))
}

#[cfg(test)]
mod tests {
    use crate::pixel::Format;

    #[test]
    fn brands_tell_avif_from_heic() {
        let file = |major: &[u8; 4], compatible: &[&[u8; 4]]| {
            let mut head = (16 + 4 * compatible.len() as u32).to_be_bytes().to_vec();
            head.extend_from_slice(b"ftyp");
            head.extend_from_slice(major);
            head.extend_from_slice(&[0; 4]);
            compatible.iter().for_each(|brand| head.extend_from_slice(*brand));
            head.extend_from_slice(b"\0\0\0\x10metaavif");
            head
        };
        for (major, compatible, format) in [
            (b"avif", &[b"mif1"][..], Some(Format::Avif)),
            (b"mif1", &[b"miaf", b"avif"], Some(Format::Avif)),
            (b"mif1", &[b"heic"], Some(Format::Heic)),
            (b"heic", &[b"mif1"], Some(Format::Heic)),
            (b"isom", &[b"avif"], None),
        ] {
            assert_eq!(Format::sniff(&file(major, compatible)), format, "{major:?}");
        }
        assert!((Format::Heic.row().matches)(&file(b"avif", &[])), "as `.heif` it may be either");
    }
}
