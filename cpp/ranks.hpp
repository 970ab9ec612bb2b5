// Camouflage: the k-th darkest pixel of a region goes to the k-th darkest place of a template (exact histogram
// specification). A permutation of whole pixels. docs/protections.md, "Camouflage", defines it completely.
#pragma once

#include <cstdint>

#include "image.hpp"
#include "place_order.hpp"

namespace fastperturb {

// Both views have one height and width.
struct RankJob {
  ImageView crop;  // whose pixels move; not written
  ImageView out;   // where they go, of the crop's channels and samples; may be the crop itself
};

// Does it. The order's mask says which pixels take part (neither crop nor out is touched elsewhere); pixels move among
// places of their own label only. What can throw does so before a pixel moves: std::invalid_argument for an order by
// tints of a crop without colour, std::bad_alloc.
void match_ranks(const RankJob& job, const PlaceOrder& order);

}  // namespace fastperturb
