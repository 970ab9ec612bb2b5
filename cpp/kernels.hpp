// The hot loops, as a table of functions. kernels.cpp is compiled once per instruction set and exports one table from
// each; dispatch.hpp chooses. Loops know no threads, allocate nothing and throw nothing. C headers only.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace fastperturb {

// The address of one 64-byte ChaCha20 block: the counter and the nonce of RFC 8439, as words.
struct BlockAddress {
  uint32_t counter;
  uint32_t nonce[3];
};

// SSIM works on strips of a row, spread over 16 lanes: lane l holds the pixels l * segment .. (l + 1) * segment - 1 of
// the strip, and radius more on either side, so that a pixel's neighbours are in the same lane of neighbouring vectors
// and both passes of a separable window are the same aligned loop. A plane is vectors of 16 floats, one per position.
constexpr int ssim_lanes = 16;

struct Strip {
  int channels;   // samples of a pixel, 1 to 4; each gets a plane of its own
  int segment;    // pixels per lane, S
  int radius;     // of the window, r: a strip takes 16 S + 2 r pixels and gives 16 S
  int pitch;      // vectors from one channel's plane to the next, at least S + 2 r + 4
  double centre;  // subtracted from both images' samples, a whole number for integer samples
  double shift;   // subtracted from the difference of the images' samples, likewise
  double scale;   // floating samples are multiplied by it, a power of two; 1 for integers
};

// What the score needs besides the moments, in units of the doubled samples u and v.
struct SsimConstants {
  float level;      // added to the filtered u: 2 * centre * scale
  float shift;      // added to the filtered v: shift * scale
  float luminance;  // 2 * (K1 L)^2
  float contrast;   // 2 * (K2 L)^2, over the factor that turns variances into sample variances
};

// Uniform windows of 8-bit samples are summed in whole numbers. A row is spread as one vector of 32 bytes a sample, the
// (a, b) of 16 lanes; a channel's column sums are three vectors of 16 words a position: a and b in 16 bits each,
// a^2 + b^2, and 2 a b.
struct BoxRow {
  const uint8_t* in;   // the channel's first sample in the row that enters the windows
  const uint8_t* out;  // in the row that leaves them, or zeros
  ptrdiff_t step;      // bytes from one position of the channel to the next, 32 times the channels
  int segment;         // as in Strip
  int radius;          // 1 to 5: what is summed fits 32 bits, means 16
};

// Times the square of the window's pixels, the contrast's over the factor that makes variances sample variances.
struct BoxConstants {
  int32_t pixels;
  float luminance;  // (K1 L)^2
  float contrast;   // (K2 L)^2
};

struct Kernels {
  const char* name;

  // Writes the ChaCha20 blocks at `addresses` to out[0 .. 64 * count), in order, bytes as RFC 8439 orders them.
  // No alignment needed; out must not overlap the inputs.
  void (*chacha20)(const uint32_t key[8], const BlockAddress* addresses, size_t count, uint8_t* out);

  // Multiply step of Lemire's bounded draw (2019, "Fast random integer generation in an interval"), for consecutive
  // falling bounds: draws[i] = words[i] * (bound - i) >> bits of a word, for i < count <= bound. Where the low half of
  // the product is under its bound the draw may be biased: its highest bit is set to say so, and true is returned if
  // there is one. Words are little-endian bytes at any alignment. draw16 needs bound <= 65535, draw32 bound < 2^31.
  bool (*draw16)(const uint8_t* words, uint32_t bound, size_t count, uint32_t* draws);
  bool (*draw32)(const uint8_t* words, uint32_t bound, size_t count, uint32_t* draws);

  // Writes the values whose mark is 1, not 0, to `picked` in their order, and says how many they are. Up to 16 entries
  // of `picked` beyond them are overwritten. The arrays must not overlap.
  size_t (*pick_marked)(const uint8_t* marks, const uint32_t* values, size_t count, uint32_t* picked);

  // Sum of squared differences of n samples. The integers are exact for n <= 2^32; the floating sums are taken in
  // double over 16 interleaved partial sums, so their bits depend on n and the samples only. a and b may be the same
  // memory.
  uint64_t (*squared_error_u8)(const uint8_t* a, const uint8_t* b, size_t n);
  uint64_t (*squared_error_u16)(const uint16_t* a, const uint16_t* b, size_t n);
  double (*squared_error_f32)(const float* a, const float* b, size_t n);
  double (*squared_error_f64)(const double* a, const double* b, size_t n);

  // One row of an image at half its size out of two: (width + 1) / 2 pixels, each the mean of four, an odd last column
  // paired with itself. The rows may be the same one; `out` must overlap neither.
  void (*halve_row_u8)(const uint8_t* above, const uint8_t* below, size_t width, int channels, float* out);
  void (*halve_row_u16)(const uint16_t* above, const uint16_t* below, size_t width, int channels, float* out);
  void (*halve_row_f32)(const float* above, const float* below, size_t width, int channels, float* out);
  void (*halve_row_f64)(const double* above, const double* below, size_t width, int channels, double* out);

  // What a seal's residuals are made of (docs/format-2.md), row by row. Splits `width` pixels of 1 to 4 samples at any
  // alignment into one plane a channel, `pitch` values apart; of three or four channels the first and the third are
  // differences to the second, plus half the range, modulo the range.
  void (*split_row_u8)(const void* pixels, size_t width, int channels, size_t pitch, uint8_t* planes);
  void (*split_row_u16)(const void* pixels, size_t width, int channels, size_t pitch, uint16_t* planes);
  void (*split_row_u32)(const void* pixels, size_t width, int channels, size_t pitch, uint32_t* planes);

  // Folded residuals of one channel's values here[1 .. width], predicted by here[x], above[x + 1] and above[x].
  void (*fold_row_u8)(const uint8_t* here, const uint8_t* above, size_t width, uint8_t* folded);
  void (*fold_row_u16)(const uint16_t* here, const uint16_t* above, size_t width, uint16_t* folded);
  void (*fold_row_u32)(const uint32_t* here, const uint32_t* above, size_t width, uint32_t* folded);

  // Pixels of three bytes as the numbers of rank_colours.hpp.
  void (*colour_items)(const uint8_t* pixels, size_t count, uint32_t* items);

  // Writes over them the colours that such numbers stand for: red in the lowest byte, then green, then blue.
  void (*colours_of)(uint32_t* items, size_t count);

  // The least and the largest tint, red - blue + 255, of one such number or more.
  void (*tint_range)(const uint32_t* items, size_t count, uint32_t* least, uint32_t* most);

  // Writes those whose tint is from `least` to `most` in their order, as pick_marked does.
  size_t (*pick_tinted)(const uint32_t* items, size_t count, int32_t least, int32_t most, uint32_t* picked);

  // Where the one with this tint is that so many with it come before; `count` if there is none.
  size_t (*find_tinted)(const uint32_t* items, size_t count, uint32_t tint, size_t before);

  // Spreads a strip's rows of two images over the lanes as u = (a - centre) + (b - centre) and v = a - b - shift, both
  // times scale: channels planes of segment + 2 radius vectors each, up to 3 more vectors after each plane being
  // overwritten. Reads up to 15 samples beyond the strip's (16 S + 2 r) * channels. u and v must be aligned to 64 bytes
  // and overlap nothing.
  void (*ssim_spread_u8)(const uint8_t* a, const uint8_t* b, const Strip& strip, float* u, float* v);
  void (*ssim_spread_u16)(const uint16_t* a, const uint16_t* b, const Strip& strip, float* u, float* v);
  void (*ssim_spread_f32)(const float* a, const float* b, const Strip& strip, float* u, float* v);
  void (*ssim_spread_f64)(const double* a, const double* b, const Strip& strip, float* u, float* v);

  // Filters one plane of u and v along the row with the symmetric window whose half is weights[0 .. radius]. Writes
  // four planes of `segment` vectors, one after the other: the filtered u, v, u * u and v * v.
  void (*ssim_rows)(const float* u, const float* v, int segment, const float* weights, int radius, float* filtered);

  // Filters down the columns: rows[i] is what ssim_rows wrote for row i, i < count + 2 radius, count at most 4. Writes
  // the window's moments of `count` rows, each four planes: means of u and v, means of u * u and v * v.
  void (*ssim_columns)(const float* const* rows, int count, int segment, const float* weights, int radius,
                       float* moments);

  // Slides a uniform window down by a row: adds u, v, u * u and v * v of the row that enters to the four planes of
  // sums, which are `pitch` floats apart, and takes those of the row that leaves off again, if there is one. Exact
  // while all sums are whole numbers under 2^24.
  void (*ssim_slide_down)(const float* u_in, const float* v_in, const float* u_out, const float* v_out, size_t floats,
                          size_t pitch, float* sums);

  // Slides it along those sums: writes one row of moments, the sums over 2 radius + 1 positions times `share`, for a
  // radius of 1 to 7.
  void (*ssim_slide_along)(const float* sums, size_t pitch, int segment, int radius, float share, float* moments);

  // Spreads rows of two images, `step` bytes from lane to lane, over `samples` vectors of (a, b), and up to 15 more.
  // Reads up to 15 samples beyond the last lane's.
  void (*box_spread)(const uint8_t* a, const uint8_t* b, ptrdiff_t step, int samples, uint8_t* pairs);

  // Moves the column sums of segment + 2 radius positions on by a row. One position of zeros lies before `columns`.
  void (*box_enter)(const BoxRow& row, int32_t* columns);

  // The same, and scores the row's windows: adds SSIM times `select` to 16 sums, lane by lane in the order of
  // positions, and writes each SSIM to `map` unless it is null. Equal windows give exactly 1.
  void (*box_row)(const BoxRow& row, const BoxConstants& constants, int32_t* columns, const float* select, float* map,
                  float* sums);

  // Sums SSIM over the vectors of `count` (at most 4) rows of moments where select is not 0; select_pitch floats lie
  // between select's rows (0: the same for all). Where map is not null every SSIM is written there too, one plane a
  // row. Two equal windows give exactly 1 if the shift is 0. The order of the sum depends on the arguments only. `most`
  // gets the greatest sum of a window's means of u * u and v * v, where select is not 0: what float rounds.
  double (*ssim_score)(const float* moments, int count, int segment, const SsimConstants& constants,
                       const float* select, size_t select_pitch, float* map, float* most);
};

}  // namespace fastperturb
