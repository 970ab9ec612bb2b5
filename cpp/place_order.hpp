// The places of a template in order: what the camouflage of every crop of one size and mask has in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image.hpp"
#include "keystream.hpp"
#include "rank_keys.hpp"
#include "rank_members.hpp"

namespace fastperturb {

constexpr int upper_half = 32;

// Members in order of their pixels' luminance, label by label, equal ones by number: each in the lower half of a word,
// under its luminance.
Buffer<std::uint64_t> sort_members(const ImageView& image, const Members& members);

struct PlaceOrder {
  // Of a template of one or two channels of luminance, or three or four of colour, which order by tint too where
  // `colours` says so. Mask and labels are packed, one byte a pixel; see RankJob. Places of equal luminance are
  // shuffled by the key's keystream. Throws std::invalid_argument for 2^31 pixels or more.
  PlaceOrder(const ImageView& ground, const std::uint8_t* mask, const std::uint8_t* labels, bool colours,
             const Key& key);

  std::size_t bytes() const {
    return std::size_t{members.count} * sizeof(std::uint32_t) + members.runs.size() * sizeof(Run);
  }

  std::int64_t height, width;
  Members members;
  bool coloured;                // tints count
  Buffer<std::uint32_t> ranks;  // of each member; those of a label are its numbers, in another order
};

}  // namespace fastperturb
