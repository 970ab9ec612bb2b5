// The part of an image that one region owns, as bytes: the pixels as they are, or the residuals of a predictor, which
// an entropy coder makes shorter. docs/format-2.md defines both. A mask is one byte a pixel of the view, 0 for pixels
// that are not owned; null: all are owned.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image.hpp"

namespace fastperturb {

// How many pixels a mask owns.
std::size_t count_owned(const ImageView& crop, const std::uint8_t* mask);

// A crop, its mask, and how many pixels that owns. No more are read or written, even if the mask changes meanwhile.
struct MaskedCrop {
  ImageView view;
  const std::uint8_t* mask;
  std::size_t owned;
  std::size_t bytes() const { return owned * view.pixel_bytes(); }
};

// Copies the owned pixels in raster order to out[0 .. crop.bytes()), or back.
void masked_bytes(const MaskedCrop& crop, std::uint8_t* out);
void put_masked(const MaskedCrop& crop, const std::uint8_t* data);

// Writes the residuals of the owned pixels, as many bytes as they have, and turns them back into pixels. Any bytes
// decode to some pixels; what is not owned is neither read nor written. out must not overlap the image.
void encode_residuals(const MaskedCrop& crop, std::uint8_t* out);
void decode_residuals(const MaskedCrop& crop, const std::uint8_t* data);

}  // namespace fastperturb
