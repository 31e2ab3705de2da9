//! The same job with the crate `fast_image_resize`: libjpeg-turbo shrinks by the engine's rule, the
//! crate's Lanczos convolution does the rest, libjpeg-turbo encodes.
//!
//! What can be kept from one picture to the next is kept, as the engine does; pictures in between
//! are allocated anew, as the engine does.

use std::cell::RefCell;

use fast_image_resize::images::{Image, TypedImage};
use fast_image_resize::pixels::F32x3;
use fast_image_resize::{
    FilterType, PixelComponentMapper, PixelType, ResizeAlg, ResizeOptions, Resizer,
    create_srgb_mapper,
};
use turbojpeg::{Compressor, Decompressor, PixelFormat, ScalingFactor, Subsamp};

/// The numbers in which pixels are mixed.
#[derive(Clone, Copy)]
pub enum Mixed {
    /// 16-bit integers in proportion to light.
    Linear16,
    /// 32-bit floats in proportion to light.
    LinearFloat,
    /// The 8-bit values of the file.
    Encoded8,
}

/// RGB samples and their width and height.
pub struct Picture {
    pub samples: Vec<u8>,
    pub size: (u32, u32),
}

/// One way to make thumbnails.
pub struct Peer {
    mixed: Mixed,
    /// How many times the result's size libjpeg-turbo leaves at least.
    margin: u32,
    mapper: PixelComponentMapper,
    /// Light of each 8-bit value.
    light: [f32; 256],
    /// 8-bit value of light in steps of 16 bits.
    value: Vec<u8>,
    kept: RefCell<Kept>,
}

struct Kept {
    resizer: Resizer,
    decompressor: Decompressor,
    compressor: Compressor,
}

impl Peer {
    pub fn new(mixed: Mixed, margin: u32) -> Self {
        let kept = Kept {
            resizer: Resizer::new(),
            decompressor: Decompressor::new().expect("libjpeg-turbo works"),
            compressor: Compressor::new().expect("libjpeg-turbo works"),
        };
        let light = |value: usize| super::accuracy::linear(value as f64 / 255.0) as f32;
        let value = |light: u16| {
            (super::accuracy::encoded(f64::from(light) / 65535.0) * 255.0).round() as u8
        };
        Self {
            mixed,
            margin,
            mapper: create_srgb_mapper(),
            light: std::array::from_fn(light),
            value: (0..=u16::MAX).map(value).collect(),
            kept: RefCell::new(kept),
        }
    }

    /// The size of the JPEG that is made.
    pub fn thumbnail(&self, jpeg: &[u8], width: u32, quality: u8) -> usize {
        let (picture, span, target) = self.shrink(jpeg, width);
        let result = self.resample(picture, span, target);
        let image = turbojpeg::Image {
            pixels: &result.samples[..],
            width: target.0 as usize,
            height: target.1 as usize,
            pitch: target.0 as usize * 3,
            format: PixelFormat::RGB,
        };
        let compressor = &mut self.kept.borrow_mut().compressor;
        compressor.set_quality(i32::from(quality)).expect("a JPEG quality");
        compressor.set_subsamp(Subsamp::Sub2x2).expect("a JPEG subsampling");
        compressor.compress_to_vec(image).expect("the picture encodes").len()
    }

    /// The picture shrunk by eighths, the part of it that the source covers, the result's size.
    fn shrink(&self, jpeg: &[u8], width: u32) -> (Picture, (f64, f64), (u32, u32)) {
        let decompressor = &mut self.kept.borrow_mut().decompressor;
        let header = decompressor.read_header(jpeg).expect("the header is sound");
        let height = (header.height as f64 * f64::from(width) / header.width as f64).round() as u32;
        let enough = |factor: &ScalingFactor| {
            // 7 eighths take longer than all 8; the engine does not use them either.
            factor.num() != 7
                && factor.scale(header.width) >= (width * self.margin) as usize
                && factor.scale(header.height) >= (height * self.margin) as usize
        };
        let factor = (1..=8)
            .map(|num| ScalingFactor::new(num, 8))
            .find(enough)
            .expect("the picture is large enough");
        decompressor.set_scaling_factor(factor).expect("eighths are supported");
        let (columns, rows) = (factor.scale(header.width), factor.scale(header.height));
        let mut image = turbojpeg::Image {
            pixels: vec![0; columns * rows * 3],
            width: columns,
            height: rows,
            pitch: columns * 3,
            format: PixelFormat::RGB,
        };
        decompressor.decompress(jpeg, image.as_deref_mut()).expect("the picture decodes");
        let scale = factor.num() as f64 / factor.denom() as f64;
        let span = (header.width as f64 * scale, header.height as f64 * scale);
        let picture = Picture { samples: image.pixels, size: (columns as u32, rows as u32) };
        (picture, span, (width, height))
    }

    /// Resamples the part `span` from the upper left corner on.
    pub fn resample(&self, picture: Picture, span: (f64, f64), target: (u32, u32)) -> Picture {
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .crop(0.0, 0.0, span.0, span.1)
            .use_alpha(false);
        let samples = match self.mixed {
            Mixed::Linear16 => self.linear_16(picture, target, &options),
            Mixed::LinearFloat => self.linear_float(&picture, target, &options),
            Mixed::Encoded8 => self.encoded_8(picture, target, &options),
        };
        Picture { samples, size: target }
    }

    fn linear_16(&self, picture: Picture, target: (u32, u32), options: &ResizeOptions) -> Vec<u8> {
        let source = image(picture);
        let mut wide = Image::new(source.width(), source.height(), PixelType::U16x3);
        self.mapper.forward_map(&source, &mut wide).expect("both have three bands");
        let mut small = Image::new(target.0, target.1, PixelType::U16x3);
        let resizer = &mut self.kept.borrow_mut().resizer;
        resizer.resize(&wide, &mut small, options).expect("both are of one kind");
        let mut result = Image::new(target.0, target.1, PixelType::U8x3);
        self.mapper.backward_map(&small, &mut result).expect("both have three bands");
        result.into_vec()
    }

    fn linear_float(
        &self,
        picture: &Picture,
        target: (u32, u32),
        options: &ResizeOptions,
    ) -> Vec<u8> {
        let mut wide = TypedImage::<F32x3>::new(picture.size.0, picture.size.1);
        let pixels = wide.pixels_mut().iter_mut().zip(picture.samples.as_chunks::<3>().0);
        for (pixel, samples) in pixels {
            *pixel = F32x3::new(samples.map(|sample| self.light[usize::from(sample)]));
        }
        let mut small = TypedImage::<F32x3>::new(target.0, target.1);
        let resizer = &mut self.kept.borrow_mut().resizer;
        resizer.resize_typed(&wide, &mut small, options).expect("the span is within");
        let value = |light: f32| self.value[usize::from((light * 65535.0 + 0.5) as u16)];
        small.pixels().iter().flat_map(|pixel| pixel.0.map(value)).collect()
    }

    fn encoded_8(&self, picture: Picture, target: (u32, u32), options: &ResizeOptions) -> Vec<u8> {
        let source = image(picture);
        let mut result = Image::new(target.0, target.1, PixelType::U8x3);
        let resizer = &mut self.kept.borrow_mut().resizer;
        resizer.resize(&source, &mut result, options).expect("both are of one kind");
        result.into_vec()
    }
}

fn image(picture: Picture) -> Image<'static> {
    let (width, height) = picture.size;
    Image::from_vec_u8(width, height, picture.samples, PixelType::U8x3)
        .expect("the samples fill the picture")
}
