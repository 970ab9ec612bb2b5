// Colour differences and the MED predictor of LOCO-I (Weinberger, Seroussi, Sapiro 2000, "The LOCO-I lossless image
// compression algorithm"), on whole numbers: the same bytes on every processor.
#include "residuals.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

namespace fastperturb {
namespace {

// The first place from x on whose pixel is owned (`owned`) or is not, or the width.
std::int64_t seek(const std::uint8_t* mask, std::int64_t x, std::int64_t width, bool owned) {
  const std::uint64_t other = owned ? 0 : 0x0101010101010101;
  for (std::uint64_t eight; x + 8 <= width; x += 8) {
    std::memcpy(&eight, mask + x, 8);
    if (eight != other) break;
  }
  while (x < width && (mask[x] != 0) != owned) ++x;
  return x;
}

// Calls visit(x, length) for the runs of owned pixels of one row, until `left` pixels have been visited in all.
template <typename Visit>
void for_each_run(const MaskedCrop& crop, std::int64_t y, std::size_t& left, Visit visit) {
  const std::int64_t width = crop.view.width;
  const std::uint8_t* mask = crop.mask == nullptr ? nullptr : crop.mask + y * width;
  for (std::int64_t x = mask == nullptr ? 0 : seek(mask, 0, width, true); x < width && left > 0;) {
    const std::int64_t end = mask == nullptr ? width : seek(mask, x, width, false);
    const auto length = std::min(end - x, static_cast<std::int64_t>(left));
    left -= static_cast<std::size_t>(length);
    visit(x, length);
    x = mask == nullptr ? width : seek(mask, end, width, true);
  }
}

// A sample's bits, T, and the wider whole number, Wide, in which it is predicted without overflow.
template <typename T>
using Wide =
    std::conditional_t<sizeof(T) == 1, std::int16_t, std::conditional_t<sizeof(T) == 2, std::int32_t, std::int64_t>>;

// Of three or four channels the first and the third are coded as their difference to the second, which is signed.
template <int channels>
constexpr bool is_difference(int channel) {
  return channels >= 3 && (channel == 0 || channel == 2);
}

// A whole number modulo 2^bits, as the signed or unsigned value of that channel.
template <typename T, int channels>
Wide<T> wrap(Wide<T> value, int channel) {
  const auto bits = static_cast<T>(value);
  if (is_difference<channels>(channel)) return static_cast<std::make_signed_t<T>>(bits);
  return static_cast<Wide<T>>(bits);
}

// The median of left, above and left + above - corner.
template <typename W>
W predict(W left, W above, W corner) {
  const W low = std::min(left, above), high = std::max(left, above);
  return std::max(low, std::min(high, static_cast<W>(left + above - corner)));
}

// Two rows of each channel's values, 0 where a pixel is not owned, with a 0 in front of each.
template <typename T, int channels>
class Rows {
 public:
  using W = Wide<T>;
  explicit Rows(std::int64_t width)
      : pitch_(static_cast<std::size_t>(width) + 1), values_(2 * pitch_ * std::size_t{channels}) {}
  W* row(std::int64_t y, int channel) {
    return values_.data() + ((y & 1) != 0 ? pitch_ * std::size_t{channels} : 0) +
           pitch_ * static_cast<std::size_t>(channel);
  }
  void clear(std::int64_t y) { std::fill_n(row(y, 0), pitch_ * std::size_t{channels}, W{0}); }

 private:
  std::size_t pitch_;
  std::vector<W> values_;
};

template <typename T, int channels>
void load_row(const std::uint8_t* from, const std::uint8_t* mask, std::int64_t width, std::int64_t y,
              Rows<T, channels>& rows) {
  Wide<T>* to[channels];
  for (int c = 0; c < channels; ++c) to[c] = rows.row(y, c) + 1;
  for (std::int64_t x = 0; x < width; ++x) {
    T pixel[channels];
    std::memcpy(pixel, from + static_cast<std::size_t>(x) * sizeof(pixel), sizeof(pixel));
    for (int c = 0; c < channels; ++c) {
      auto value = static_cast<Wide<T>>(pixel[c]);
      if (is_difference<channels>(c)) value = static_cast<Wide<T>>(value - static_cast<Wide<T>>(pixel[1]));
      to[c][x] = wrap<T, channels>(value, c);
    }
  }
  if (mask == nullptr) return;
  for (int c = 0; c < channels; ++c)
    for (std::int64_t x = 0; x < width; ++x) to[c][x] = mask[x] != 0 ? to[c][x] : Wide<T>{0};
}

// The residual folded to a number that is small where the residual is near 0: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
template <typename T>
T fold(T residual) {
  return static_cast<T>(static_cast<T>(residual << 1) ^ static_cast<T>(0 - (residual >> (8 * sizeof(T) - 1))));
}

template <typename T>
T unfold(T folded) {
  return static_cast<T>((folded >> 1) ^ static_cast<T>(0 - (folded & 1)));
}

// The byte planes: the most significant byte of each channel, channel after channel, then the next byte, and so on.
template <typename T, int channels>
std::size_t plane(int byte, int channel) {
  return (sizeof(T) - 1 - static_cast<std::size_t>(byte)) * channels + static_cast<std::size_t>(channel);
}

template <typename T, int channels>
void encode(const MaskedCrop& crop, std::uint8_t* out) {
  const std::int64_t width = crop.view.width;
  Rows<T, channels> rows(width);
  const auto count = static_cast<std::size_t>(width);
  std::vector<T> folded;
  std::vector<std::uint8_t> bytes;
  folded.resize(count);
  bytes.resize(count);
  std::size_t left = crop.owned;
  for (std::int64_t y = 0; y < crop.view.height && left > 0; ++y) {
    load_row<T, channels>(crop.view.at(y, 0), crop.mask == nullptr ? nullptr : crop.mask + y * width, width, y, rows);
    std::size_t after = left;
    for (int c = 0; c < channels; ++c) {
      const Wide<T>*here = rows.row(y, c), *above = rows.row(y + 1, c);
      for (std::int64_t x = 0; x < width; ++x) {
        const Wide<T> guess = predict<Wide<T>>(here[x], above[x + 1], above[x]);
        folded[static_cast<std::size_t>(x)] = fold<T>(static_cast<T>(here[x + 1] - guess));
      }
      for (int byte = 0; byte < static_cast<int>(sizeof(T)); ++byte) {
        for (std::size_t x = 0; x < count; ++x) bytes[x] = static_cast<std::uint8_t>(folded[x] >> (8 * byte));
        std::uint8_t* to = out + plane<T, channels>(byte, c) * crop.owned + (crop.owned - left);
        after = left;
        for_each_run(crop, y, after, [&](std::int64_t x, std::int64_t length) {
          std::memcpy(to, bytes.data() + x, static_cast<std::size_t>(length));
          to += length;
        });
      }
    }
    left = after;
  }
}

template <typename T, int channels>
void decode(const MaskedCrop& crop, const std::uint8_t* data) {
  Rows<T, channels> rows(crop.view.width);
  std::size_t left = crop.owned, done = 0;
  for (std::int64_t y = 0; y < crop.view.height && left > 0; ++y) {
    rows.clear(y);
    Wide<T>*here[channels], *above[channels];
    for (int c = 0; c < channels; ++c) here[c] = rows.row(y, c), above[c] = rows.row(y + 1, c);
    for_each_run(crop, y, left, [&](std::int64_t x, std::int64_t length) {
      for (const std::int64_t end = x + length; x < end; ++x, ++done) {
        T pixel[channels];
        for (int c = 0; c < channels; ++c) {
          T folded = 0;
          for (int byte = 0; byte < static_cast<int>(sizeof(T)); ++byte)
            folded = static_cast<T>(folded | static_cast<T>(data[plane<T, channels>(byte, c) * crop.owned + done])
                                                 << (8 * byte));
          const Wide<T> guess = predict<Wide<T>>(here[c][x], above[c][x + 1], above[c][x]);
          const auto value = static_cast<T>(static_cast<T>(guess) + unfold<T>(folded));
          here[c][x + 1] = wrap<T, channels>(static_cast<Wide<T>>(value), c);
          pixel[c] = value;
        }
        if constexpr (channels > 1)
          for (int c = 0; c < channels; ++c)
            if (is_difference<channels>(c)) pixel[c] = static_cast<T>(pixel[c] + pixel[1]);
        std::memcpy(crop.view.at(y, x), pixel, sizeof(pixel));
      }
    });
  }
}

template <typename T, typename Visit>
void with_channels(std::int64_t channels, Visit visit) {
  switch (channels) {
    case 1:
      return visit(T{}, std::integral_constant<int, 1>{});
    case 2:
      return visit(T{}, std::integral_constant<int, 2>{});
    case 3:
      return visit(T{}, std::integral_constant<int, 3>{});
    default:
      return visit(T{}, std::integral_constant<int, 4>{});
  }
}

// Calls visit with a sample of the view's size and the number of its channels, as types.
template <typename Visit>
void with_types(const ImageView& crop, Visit visit) {
  switch (crop.sample) {
    case Sample::u8:
      return with_channels<std::uint8_t>(crop.channels, visit);
    case Sample::u16:
      return with_channels<std::uint16_t>(crop.channels, visit);
    case Sample::f32:
      return with_channels<std::uint32_t>(crop.channels, visit);
  }
}

}  // namespace

std::size_t count_owned(const ImageView& crop, const std::uint8_t* mask) {
  if (mask == nullptr) return static_cast<std::size_t>(crop.height * crop.width);
  std::size_t count = 0;
  for (std::int64_t i = 0; i < crop.height * crop.width; ++i) count += mask[i] != 0;
  return count;
}

void masked_bytes(const MaskedCrop& crop, std::uint8_t* out) {
  std::size_t left = crop.owned;
  for (std::int64_t y = 0; y < crop.view.height; ++y)
    for_each_run(crop, y, left, [&](std::int64_t x, std::int64_t length) {
      const std::size_t bytes = static_cast<std::size_t>(length) * crop.view.pixel_bytes();
      std::memcpy(out, crop.view.at(y, x), bytes);
      out += bytes;
    });
}

void put_masked(const MaskedCrop& crop, const std::uint8_t* data) {
  std::size_t left = crop.owned;
  for (std::int64_t y = 0; y < crop.view.height; ++y)
    for_each_run(crop, y, left, [&](std::int64_t x, std::int64_t length) {
      const std::size_t bytes = static_cast<std::size_t>(length) * crop.view.pixel_bytes();
      std::memcpy(crop.view.at(y, x), data, bytes);
      data += bytes;
    });
}

void encode_residuals(const MaskedCrop& crop, std::uint8_t* out) {
  with_types(crop.view,
             [&](auto sample, auto channels) { encode<decltype(sample), decltype(channels)::value>(crop, out); });
}

void decode_residuals(const MaskedCrop& crop, const std::uint8_t* data) {
  with_types(crop.view,
             [&](auto sample, auto channels) { decode<decltype(sample), decltype(channels)::value>(crop, data); });
}

}  // namespace fastperturb
