// Shares, and the inner walk: a partial Fisher-Yates shuffle over the offsets of a window's pixels, whose order is at
// once the cycle along which the pixels move. This is the only place that moves pixels.
#include "permutation.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace fastperturb {
namespace {

// The pixel in hand and where the cycle started, carried from one batch of draws to the next.
template <std::size_t Bytes>
struct Hand {
  std::uint8_t pixel[Bytes];
  std::uint32_t first;
  std::uint32_t previous;
};

// Takes drawn positions i = first .. first + n of the window. Forward, the pixel in hand is laid down at each new
// position and the one found there taken up; backward, the pixel found is laid down at the previous position.
template <std::size_t Bytes, bool Inverse>
void step(std::uint8_t* base, std::uint32_t* offsets, std::uint32_t first, std::uint32_t n, const std::uint32_t* draws,
          Hand<Bytes>& hand) {
  std::uint32_t* next = offsets + first;
  std::uint32_t i = 0;
  if (first == 0) {
    hand.first = hand.previous = next[draws[0]];
    next[draws[0]] = next[0];
    std::memcpy(hand.pixel, base + hand.first, Bytes);
    i = 1;
  }
  Hand<Bytes> held = hand;
  for (; i < n; ++i) {
    const std::uint32_t offset = next[i + draws[i]];
    next[i + draws[i]] = next[i];
    std::uint8_t found[Bytes];
    std::memcpy(found, base + offset, Bytes);
    if (Inverse) {
      std::memcpy(base + held.previous, found, Bytes);
      held.previous = offset;
    } else {
      std::memcpy(base + offset, held.pixel, Bytes);
      std::memcpy(held.pixel, found, Bytes);
    }
  }
  hand = held;
}

template <std::size_t Bytes, bool Inverse>
void walk(std::uint8_t* base, std::uint32_t* offsets, std::uint32_t count, WindowDraws& source) {
  Hand<Bytes> hand{};
  std::uint32_t draws[draws_at_once];
  for (std::uint32_t first = 0; first < count; first += draws_at_once) {
    const std::uint32_t n = std::min(draws_at_once, count - first);
    source.draw(first, n, draws);
    step<Bytes, Inverse>(base, offsets, first, n, draws, hand);
  }
  std::memcpy(base + (Inverse ? hand.previous : hand.first), hand.pixel, Bytes);
}

using Walk = void (*)(std::uint8_t*, std::uint32_t*, std::uint32_t, WindowDraws&);

template <bool Inverse>
Walk walk_for(std::size_t pixel_bytes) {
  switch (pixel_bytes) {
    case 1:
      return walk<1, Inverse>;
    case 2:
      return walk<2, Inverse>;
    case 3:
      return walk<3, Inverse>;
    case 4:
      return walk<4, Inverse>;
    case 6:
      return walk<6, Inverse>;
    case 8:
      return walk<8, Inverse>;
    case 12:
      return walk<12, Inverse>;
    case 16:
      return walk<16, Inverse>;
    default:
      throw std::invalid_argument("image must have 1 to 4 channels");
  }
}

// Byte offsets of a window's pixels from its first row and column, in raster order.
void list_offsets(const ImageView& image, const Tiling& tiling, const Rectangle& part, std::uint32_t* out) {
  const auto pixel_bytes = static_cast<std::uint32_t>(image.pixel_bytes());
  tiling.for_each_run(part, [&](std::int64_t x, std::int64_t y, std::int64_t run) {
    const auto start = static_cast<std::uint32_t>((y - part.y) * image.row_bytes) +
                       static_cast<std::uint32_t>(x - part.x) * pixel_bytes;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(run); ++i) *out++ = start + i * pixel_bytes;
  });
}

}  // namespace

Shares share(const Tiling& tiling, std::int64_t pixels) {
  Shares shares;
  for (std::int64_t i = 0; i < tiling.count(); ++i) {
    const std::int64_t owned = tiling.owned(tiling.rectangle(i));
    shares.total_owned += static_cast<std::uint64_t>(owned);
    if (shares.total_owned >> 31 != 0) throw std::invalid_argument("a region must own fewer than 2^31 pixels");
    shares.owned.push_back(static_cast<std::uint32_t>(owned));
    shares.most_owned = std::max(shares.most_owned, shares.owned.back());
  }
  const auto wanted = static_cast<std::uint64_t>(pixels);
  if (pixels < 0 || wanted > shares.total_owned)
    throw std::invalid_argument("pixels must be 0 to the " + std::to_string(shares.total_owned) +
                                " that the region owns, got " + std::to_string(pixels));
  // In proportion first; what a window has no room for, and a share of one, goes on to the next.
  std::uint64_t before = 0, given = 0, carry = 0;
  for (const std::uint32_t owned : shares.owned) {
    before += owned;
    const std::uint64_t through = wanted * before / std::max<std::uint64_t>(shares.total_owned, 1);
    const std::uint64_t want = carry + through - given;
    given = through;
    const std::uint64_t room = owned < 2 ? 0 : owned;
    const std::uint64_t take = want < 2 ? 0 : std::min(want, room);
    shares.moved.push_back(static_cast<std::uint32_t>(take));
    carry = want - take;
  }
  // Then what the last windows left over, from the first window on.
  for (std::size_t i = 0; i < shares.owned.size() && carry > 0; ++i) {
    if (shares.owned[i] < 2 || shares.moved[i] + carry < 2) continue;
    const std::uint64_t take = std::min<std::uint64_t>(carry, shares.owned[i] - shares.moved[i]);
    shares.moved[i] += static_cast<std::uint32_t>(take);
    carry -= take;
  }
  shares.total_moved = wanted - carry;
  return shares;
}

Workspace::Workspace(const Kernels& table, std::uint32_t most_owned)
    : kernels(&table), draws(table), offsets(most_owned), blocks(blocks_ahead * block_bytes), addresses(blocks_ahead) {}

RegionWalk::RegionWalk(const ImageView& image, const Tiling& tiling, const Shares& shares, const Key& key,
                       std::uint32_t region, bool inverse)
    : image_(image), tiling_(tiling), shares_(shares), key_(key), region_(region), inverse_(inverse) {
  const std::int64_t rows = std::min(tiling.window, tiling.box.height);
  if (rows * image.row_bytes >> 32 != 0) throw std::invalid_argument("the rows of a window must span less than 4 GiB");
}

void RegionWalk::walk_window(std::uint32_t window, WindowDraws& draws, std::uint32_t* offsets) const {
  const Rectangle part = tiling_.rectangle(window);
  list_offsets(image_, tiling_, part, offsets);
  const std::size_t bytes = image_.pixel_bytes();
  const Walk move = inverse_ ? walk_for<true>(bytes) : walk_for<false>(bytes);
  move(image_.at(part.y, part.x), offsets, shares_.moved[window], draws);
}

void RegionWalk::run(std::uint32_t first, std::uint32_t last, Workspace& workspace) const {
  const auto blocks_of = [&](std::uint32_t w) { return WindowDraws::blocks(shares_.owned[w], shares_.moved[w]); };
  while (first < last) {
    // The keystream of as many whole windows as there is room for is made in one go.
    std::uint32_t made = 0, end = first;
    for (; end < last && made + blocks_of(end) <= Workspace::blocks_ahead; ++end)
      for (std::uint32_t counter = 0, n = blocks_of(end); counter < n; ++counter)
        workspace.addresses[made++] = block_address(region_, end, counter);
    if (made > 0) workspace.kernels->chacha20(key_.words, workspace.addresses.data(), made, workspace.blocks.data());
    const bool large = end == first;  // a window that needs more makes its own, in pieces
    if (large) ++end;
    const std::uint8_t* ahead = workspace.blocks.data();
    for (; first < end; ++first) {
      const std::uint32_t owned = shares_.owned[first], moved = shares_.moved[first];
      const std::uint32_t blocks = large ? 0 : blocks_of(first);
      if (moved == 0) continue;
      workspace.draws.start(key_, region_, first, owned, moved, ahead, blocks);
      walk_window(first, workspace.draws, workspace.offsets.data());
      ahead += blocks * block_bytes;
    }
  }
}

}  // namespace fastperturb
