// Luminance and tint of pixels as whole numbers.
#include "rank_keys.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace fastperturb {
namespace {

template <typename T>
T sample(const std::uint8_t* pixel, std::size_t channel) {
  T value;
  std::memcpy(&value, pixel + channel * sizeof(T), sizeof(T));
  return value;
}

// Numbers float32 values in their order.
std::uint32_t number(double value) {
  if (!(value == value)) return ~std::uint32_t{0};
  const float narrowed = static_cast<float>(value) + 0.0F;
  std::uint32_t bits;
  std::memcpy(&bits, &narrowed, sizeof(bits));
  return bits >> 31 != 0 ? ~bits : bits | std::uint32_t{1} << 31;
}

template <typename T>
struct Luminance {
  static std::uint32_t of_colour(const std::uint8_t* pixel) {
    return 77U * sample<T>(pixel, 0) + 150U * sample<T>(pixel, 1) + 29U * sample<T>(pixel, 2);
  }
  static std::uint32_t of_grey(const std::uint8_t* pixel) { return sample<T>(pixel, 0); }
};
template <>
struct Luminance<float> {
  static std::uint32_t of_colour(const std::uint8_t* pixel) {
    const double red = sample<float>(pixel, 0), green = sample<float>(pixel, 1), blue = sample<float>(pixel, 2);
    return number((77.0 * red + 150.0 * green + 29.0 * blue) / 256.0);
  }
  static std::uint32_t of_grey(const std::uint8_t* pixel) { return number(sample<float>(pixel, 0)); }
};

// Few bits are sorted in fewer passes, and most numbers of float32 differ in few of their upper ones.
void narrow(Keys& keys, std::uint32_t count) {
  const std::uint32_t *first = keys.values.get(), *last = first + count;
  std::uint32_t least = ~std::uint32_t{0}, most = 0;
  for (; first != last; ++first) least = std::min(least, *first), most = std::max(most, *first);
  if (count == 0) return;
  keys.least = least;
  for (keys.bits = 0; (std::uint64_t{most - least} >> keys.bits) != 0;) ++keys.bits;
}

template <typename T>
Keys luminance_of(const ImageView& image, const Members& members) {
  const bool colour = image.channels > 2;
  Keys keys{unwritten<std::uint32_t>(members.count)};
  std::uint32_t* to = keys.values.get();
  if (colour)
    members.for_each_pixel(image,
                           [=](std::uint32_t i, const std::uint8_t* pixel) { to[i] = Luminance<T>::of_colour(pixel); });
  else
    members.for_each_pixel(image,
                           [=](std::uint32_t i, const std::uint8_t* pixel) { to[i] = Luminance<T>::of_grey(pixel); });
  narrow(keys, members.count);
  return keys;
}

template <typename T>
Keys tint_of(const ImageView& image, const Members& members) {
  constexpr std::uint32_t most = (std::uint32_t{1} << 8 * sizeof(T)) - 1;
  Keys keys{unwritten<std::uint32_t>(members.count)};
  std::uint32_t* to = keys.values.get();
  members.for_each_pixel(image, [=](std::uint32_t i, const std::uint8_t* pixel) {
    to[i] = most + sample<T>(pixel, 0) - sample<T>(pixel, 2);
  });
  return keys;
}

Keys tint_of_float(const ImageView& image, const Members& members) {
  Keys keys{unwritten<std::uint32_t>(members.count)};
  std::uint32_t* to = keys.values.get();
  members.for_each_pixel(image, [=](std::uint32_t i, const std::uint8_t* pixel) {
    const double red = sample<float>(pixel, 0), blue = sample<float>(pixel, 2);
    to[i] = number((red - blue) / 2.0);
  });
  return keys;
}

}  // namespace

Keys luminance_keys(const ImageView& image, const Members& members) {
  if (image.sample == Sample::u8) return luminance_of<std::uint8_t>(image, members);
  if (image.sample == Sample::u16) return luminance_of<std::uint16_t>(image, members);
  return luminance_of<float>(image, members);
}

Keys tint_keys(const ImageView& image, const Members& members) {
  if (image.sample == Sample::u8) return tint_of<std::uint8_t>(image, members);
  if (image.sample == Sample::u16) return tint_of<std::uint16_t>(image, members);
  return tint_of_float(image, members);
}

}  // namespace fastperturb
