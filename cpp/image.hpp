// What the core works on: a view of an image that somebody else owns, and the regions of it to protect.
// Lengths are pixels unless a name says bytes; x runs right, y down.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastperturb {

// How the samples of a pixel are stored. The permutation moves bytes; the view and the metrics need to know.
enum class Sample : std::uint8_t { u8, u16, f32 };

constexpr std::size_t sample_bytes(Sample sample) {
  return sample == Sample::u8 ? 1U : sample == Sample::u16 ? 2U : 4U;
}

// Rows of packed pixels; consecutive rows are row_bytes apart (row_bytes >= width * pixel_bytes()).
struct ImageView {
  std::uint8_t* data;
  std::int64_t height;
  std::int64_t width;
  std::int64_t channels;
  std::int64_t row_bytes;
  Sample sample;

  std::size_t pixel_bytes() const { return static_cast<std::size_t>(channels) * sample_bytes(sample); }
  std::uint8_t* at(std::int64_t y, std::int64_t x) const {
    return data + y * row_bytes + x * static_cast<std::int64_t>(pixel_bytes());
  }
};

enum class Shape : std::uint8_t { box, ellipse };

// A box, or the ellipse inscribed in it. It may reach beyond the image; only what lies inside is ever touched.
struct Region {
  std::int64_t x;
  std::int64_t y;
  std::int64_t width;
  std::int64_t height;
  Shape shape;
  std::int64_t window;  // side of the square windows that tile it
  std::int64_t pixels;  // how many of its pixels are to move
};

// The record version, which decides who owns a pixel of several regions, how regions are tiled, and how drawn pixels
// move: docs/format.md.
enum class Version : std::uint8_t { one = 1, two = 2 };

// The longest side of a region in version 2.
constexpr std::int64_t max_side = 2147483647;

// The longest side of an ellipse: its membership test squares products of two sides in 64 unsigned bits.
constexpr std::int64_t max_ellipse_side = 65535;

// The most regions that one image can have: their numbers fit 16 bits.
constexpr std::int64_t max_regions = 65535;

}  // namespace fastperturb
