// Whole pixels as values of their size, so that code that moves them is written once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace fastperturb {

// A pixel in registers: whole words and what is left, so that no byte of it goes through memory on its way.
template <typename First, typename Second = void>
struct Pixel {
  First first;
  Second second;
  static Pixel load(const std::uint8_t* from) {
    Pixel pixel;
    std::memcpy(&pixel.first, from, sizeof(First));
    std::memcpy(&pixel.second, from + sizeof(First), sizeof(Second));
    return pixel;
  }
  void store(std::uint8_t* to) const {
    std::memcpy(to, &first, sizeof(First));
    std::memcpy(to + sizeof(First), &second, sizeof(Second));
  }
};
template <typename First>
struct Pixel<First, void> {
  First first;
  static Pixel load(const std::uint8_t* from) {
    Pixel pixel;
    std::memcpy(&pixel.first, from, sizeof(First));
    return pixel;
  }
  void store(std::uint8_t* to) const { std::memcpy(to, &first, sizeof(First)); }
};

// A pixel laid aside. One of three bytes is kept in a word, which is loaded and stored in one go.
template <typename PixelType>
struct Kept {
  PixelType pixel;
  static Kept of(const PixelType& pixel) { return {pixel}; }
  PixelType get() const { return pixel; }
};
template <>
struct Kept<Pixel<std::uint16_t, std::uint8_t>> {
  std::uint32_t word;
  static Kept of(const Pixel<std::uint16_t, std::uint8_t>& pixel) {
    return {pixel.first | std::uint32_t{pixel.second} << 16};
  }
  Pixel<std::uint16_t, std::uint8_t> get() const {
    return {static_cast<std::uint16_t>(word), static_cast<std::uint8_t>(word >> 16)};
  }
};

// Calls use(pixel), pixel being of the type that holds a pixel of so many bytes, and returns what it returns.
template <typename Use>
auto with_pixel_type(std::size_t pixel_bytes, const Use& use) {
  switch (pixel_bytes) {
    case 1:
      return use(Pixel<std::uint8_t>{});
    case 2:
      return use(Pixel<std::uint16_t>{});
    case 3:
      return use(Pixel<std::uint16_t, std::uint8_t>{});
    case 4:
      return use(Pixel<std::uint32_t>{});
    case 6:
      return use(Pixel<std::uint32_t, std::uint16_t>{});
    case 8:
      return use(Pixel<std::uint64_t>{});
    case 12:
      return use(Pixel<std::uint64_t, std::uint32_t>{});
    case 16:
      return use(Pixel<std::uint64_t, std::uint64_t>{});
    default:
      throw std::invalid_argument("image must have 1 to 4 channels");
  }
}

// The largest of these types.
constexpr std::size_t most_pixel_bytes = 16;

}  // namespace fastperturb
