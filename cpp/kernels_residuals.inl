// Part of kernels.cpp: what seals are made of, the residuals of the MED predictor, and colours as numbers to sort.

namespace fastperturb {
namespace {

// Of three or four channels the first and the third are differences to the second, moved by half the range: so that
// they order as signed numbers do.
template <typename T, int channels>
void split_channels(const uint8_t* pixels, size_t width, size_t pitch, T* planes) {
  const T half = (T)((T)1 << (8 * sizeof(T) - 1));
  for (size_t x = 0; x < width; ++x) {
    T pixel[channels];
    memcpy(pixel, pixels + x * sizeof(pixel), sizeof(pixel));  // at any alignment
    for (int c = 0; c < channels; ++c) {
      const bool is_difference = channels >= 3 && (c == 0 || c == 2);
      planes[(size_t)c * pitch + x] = is_difference ? (T)(pixel[c] - pixel[channels >= 3 ? 1 : 0] + half) : pixel[c];
    }
  }
}

template <typename T>
void split_row(const void* row, size_t width, int channels, size_t pitch, T* planes) {
  const uint8_t* pixels = (const uint8_t*)row;
  switch (channels) {
    case 1:
      return split_channels<T, 1>(pixels, width, pitch, planes);
    case 2:
      return split_channels<T, 2>(pixels, width, pitch, planes);
    case 3:
      return split_channels<T, 3>(pixels, width, pitch, planes);
    default:
      return split_channels<T, 4>(pixels, width, pitch, planes);
  }
}

// The median of left, above and left + above - corner is low + high - corner with the corner kept between the two.
template <typename T>
void fold_row(const T* here, const T* above, size_t width, T* folded) {
  for (size_t x = 0; x < width; ++x) {
    const T left = here[x], up = above[x + 1], corner = above[x];
    const T low = left < up ? left : up, high = left < up ? up : left;
    const T least = corner < low ? low : corner, kept = least > high ? high : least;
    const T residual = (T)(here[x + 1] - (T)(low + high - kept));
    folded[x] = (T)((T)(residual << 1) ^ (T)(0 - (residual >> (8 * sizeof(T) - 1))));
  }
}

void colour_items(const uint8_t* pixels, size_t count, uint32_t* items) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t red = pixels[3 * i], green = pixels[3 * i + 1], blue = pixels[3 * i + 2];
    items[i] = (77 * red + 150 * green + 29 * blue) << 16 | red << 8 | (255 - blue);
  }
}

void colours_of(uint32_t* items, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const uint32_t red = items[i] >> 8 & 255, blue = 255 - (items[i] & 255);
    const uint32_t green = ((items[i] >> 16) - 77 * red - 29 * blue) * 437 >> 16;  // by 150, which divides it
    items[i] = red | green << 8 | blue << 16;
  }
}

}  // namespace
}  // namespace fastperturb
