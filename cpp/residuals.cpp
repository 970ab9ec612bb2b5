// Colour differences and the MED predictor of LOCO-I (Weinberger, Seroussi, Sapiro 2000, "The LOCO-I lossless image
// compression algorithm"), on whole numbers: the same bytes on every processor.
#include "residuals.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "dispatch.hpp"

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

// Values of a channel as they are predicted: of three or four channels the first and the third are differences to the
// second plus half the range, modulo 2^bits, so that they order as signed numbers do. What is not owned counts as 0.
template <typename T, int channels>
constexpr T zero(int channel) {
  const bool is_difference = channels >= 3 && (channel == 0 || channel == 2);
  return is_difference ? static_cast<T>(T{1} << (8 * sizeof(T) - 1)) : T{0};
}

// The median of left, above and left + above - corner, which is low + high - corner if that lies between the two.
template <typename T>
T predict(T left, T above, T corner) {
  const T low = std::min(left, above), high = std::max(left, above);
  return static_cast<T>(low + high - std::min(high, std::max(low, corner)));
}

// Two rows of each channel's values, with a zero in front of each.
template <typename T, int channels>
class Rows {
 public:
  explicit Rows(std::int64_t width)
      : pitch_(static_cast<std::size_t>(width) + 1), values_(2 * pitch_ * std::size_t{channels}) {
    clear(0), clear(1);
  }
  T* row(std::int64_t y, int channel) {
    return values_.data() + ((y & 1) != 0 ? pitch_ * std::size_t{channels} : 0) +
           pitch_ * static_cast<std::size_t>(channel);
  }
  void clear(std::int64_t y) {
    for (int c = 0; c < channels; ++c) std::fill_n(row(y, c), pitch_, zero<T, channels>(c));
  }
  std::size_t pitch() const { return pitch_; }

 private:
  std::size_t pitch_;
  std::vector<T> values_;
};

// The kernels for samples of one size.
template <typename T>
struct RowKernels {
  void (*split)(const void*, std::size_t, int, std::size_t, T*);
  void (*fold)(const T*, const T*, std::size_t, T*);
};
inline RowKernels<std::uint8_t> row_kernels(std::uint8_t) { return {kernels().split_row_u8, kernels().fold_row_u8}; }
inline RowKernels<std::uint16_t> row_kernels(std::uint16_t) {
  return {kernels().split_row_u16, kernels().fold_row_u16};
}
inline RowKernels<std::uint32_t> row_kernels(std::uint32_t) {
  return {kernels().split_row_u32, kernels().fold_row_u32};
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

// Owned pixels of a row that lie side by side.
struct Run {
  std::size_t x, length;
};

// Writes `value` before, between and behind the runs of a row.
template <typename T>
void fill_gaps(const std::vector<Run>& runs, std::size_t width, T value, T* row) {
  std::size_t done = 0;
  for (const Run& run : runs) {
    std::fill(row + done, row + run.x, value);
    done = run.x + run.length;
  }
  std::fill(row + done, row + width, value);
}

template <typename T, int channels>
void encode(const MaskedCrop& crop, std::uint8_t* out) {
  const auto width = static_cast<std::size_t>(crop.view.width);
  const RowKernels<T> row = row_kernels(T{});
  Rows<T, channels> rows(crop.view.width);
  std::vector<T> folded(width);
  std::vector<std::uint8_t> bytes(sizeof(T) > 1 ? width : 0);
  std::vector<Run> runs;
  std::size_t left = crop.owned;
  for (std::int64_t y = 0; y < crop.view.height && left > 0; ++y) {
    row.split(crop.view.at(y, 0), width, channels, rows.pitch(), rows.row(y, 0) + 1);
    runs.clear();
    const std::size_t before = crop.owned - left;
    for_each_run(crop, y, left, [&](std::int64_t x, std::int64_t length) {
      runs.push_back({static_cast<std::size_t>(x), static_cast<std::size_t>(length)});
    });
    const std::size_t first = runs.empty() ? 0 : runs.front().x;
    const std::size_t last = runs.empty() ? 0 : runs.back().x + runs.back().length;
    for (int c = 0; c < channels; ++c) {
      T* here = rows.row(y, c);
      fill_gaps(runs, width, zero<T, channels>(c), here + 1);
      row.fold(here + first, rows.row(y + 1, c) + first, last - first, folded.data() + first);
      for (int byte = 0; byte < static_cast<int>(sizeof(T)); ++byte) {
        for (std::size_t x = first; sizeof(T) > 1 && x < last; ++x)
          bytes[x] = static_cast<std::uint8_t>(folded[x] >> (8 * byte));
        const void* plane_bytes = sizeof(T) > 1 ? static_cast<const void*>(bytes.data()) : folded.data();
        std::uint8_t* to = out + plane<T, channels>(byte, c) * crop.owned + before;
        for (const Run& run : runs) {
          std::memcpy(to, static_cast<const std::uint8_t*>(plane_bytes) + run.x, run.length);
          to += run.length;
        }
      }
    }
  }
}

template <typename T, int channels>
void decode(const MaskedCrop& crop, const std::uint8_t* data) {
  Rows<T, channels> rows(crop.view.width);
  std::size_t left = crop.owned, done = 0;
  for (std::int64_t y = 0; y < crop.view.height && left > 0; ++y) {
    rows.clear(y);
    T *here[channels], *above[channels];
    for (int c = 0; c < channels; ++c) here[c] = rows.row(y, c), above[c] = rows.row(y + 1, c);
    for_each_run(crop, y, left, [&](std::int64_t x, std::int64_t length) {
      for (const std::int64_t end = x + length; x < end; ++x, ++done) {
        T pixel[channels];
        for (int c = 0; c < channels; ++c) {
          T folded = 0;
          for (int byte = 0; byte < static_cast<int>(sizeof(T)); ++byte)
            folded = static_cast<T>(folded | static_cast<T>(data[plane<T, channels>(byte, c) * crop.owned + done])
                                                 << (8 * byte));
          const T guess = predict(here[c][x], above[c][x + 1], above[c][x]);
          here[c][x + 1] = static_cast<T>(guess + unfold<T>(folded));
          pixel[c] = static_cast<T>(here[c][x + 1] - zero<T, channels>(c));
        }
        if constexpr (channels > 2) {
          pixel[0] = static_cast<T>(pixel[0] + pixel[1]);
          pixel[2] = static_cast<T>(pixel[2] + pixel[1]);
        }
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
