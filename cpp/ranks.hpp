// Camouflage: the k-th darkest pixel of a region goes to the k-th darkest place of a template (exact histogram
// specification). A permutation of whole pixels. docs/protections.md, "Camouflage", defines it completely.
#pragma once

#include <cstdint>

#include "image.hpp"
#include "keystream.hpp"
#include "place_order.hpp"

namespace fastperturb {

// How the ranks of like colours are kept together: the pixels, in order of luminance, are cut into so many blocks of
// equal count, each block in order of its tint into so many parts, in which luminance orders again.
constexpr std::uint32_t colour_blocks = 48;
constexpr std::uint32_t tint_parts = 6;

// Both views have one height and width.
struct RankJob {
  ImageView crop;  // whose pixels move; not written
  ImageView out;   // where they go, of the crop's channels and samples; may be the crop itself
  bool colours;    // keep like colours together, where both crop and template have colour
};

// Does it, with the ties of pixels and of places broken by the key's keystream. The order's mask says which pixels take
// part (neither crop nor out is touched elsewhere); pixels move among places of their own label only. What can throw
// does so before a pixel moves: std::invalid_argument for 4 GiB of rows or more, std::bad_alloc.
void match_ranks(const RankJob& job, const PlaceOrder& order, const Key& key);

}  // namespace fastperturb
