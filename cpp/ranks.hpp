// Camouflage: the k-th darkest pixel of a region goes to the k-th darkest place of a template (exact histogram
// specification). A permutation of whole pixels. docs/protections.md, "Camouflage", defines it completely.
#pragma once

#include <cstdint>

#include "image.hpp"
#include "keystream.hpp"

namespace fastperturb {

// How the ranks of like colours are kept together: the pixels, in order of luminance, are cut into so many blocks of
// equal count, each block in order of its tint into so many parts, in which luminance orders again.
constexpr std::uint32_t colour_blocks = 48;
constexpr std::uint32_t tint_parts = 6;

// All views have one height and width.
struct RankJob {
  ImageView crop;    // whose pixels move; not written
  ImageView out;     // where they go, of the crop's channels and samples; may be the crop itself
  ImageView ground;  // the template: one or two channels are luminance, three or four colour
  const std::uint8_t*
      mask;  // packed; 1 where a pixel takes part, 0 where neither crop nor out is touched; none: all do
  const std::uint8_t* labels;  // packed; pixels move among places of their own label only; none: all alike
  bool colours;                // keep like colours together, where both crop and ground have colour
};

// Does it, with the ties of pixels and of places broken by the key's keystream. What can throw does so before a pixel
// moves: std::invalid_argument for 2^31 pixels or 4 GiB of rows or more, std::bad_alloc.
void match_ranks(const RankJob& job, const Key& key);

}  // namespace fastperturb
