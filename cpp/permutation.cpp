// Shares, and the inner walk of version 1: a partial Fisher-Yates shuffle over the offsets of a window's pixels, whose
// order is at once the cycle along which the pixels move. arrangement.cpp has version 2.
#include "permutation.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "pixel.hpp"

namespace fastperturb {
namespace {

// Takes drawn positions i = 0 .. count of the window. Forward, the pixel in hand is laid down at each new position and
// the one found there taken up; backward, the pixel found is laid down at the previous position.
template <typename PixelType, bool Inverse>
void walk(std::uint8_t* base, std::uint32_t* offsets, std::uint32_t count, WindowDraws& source) {
  std::uint32_t draws[draws_at_once];
  std::uint32_t start = 0, previous = 0;
  PixelType hand{};
  for (std::uint32_t first = 0; first < count; first += draws_at_once) {
    const std::uint32_t n = std::min(draws_at_once, count - first);
    source.draw(first, n, draws);
    std::uint32_t* next = offsets + first;
    std::uint32_t i = 0;
    if (first == 0) {
      start = previous = next[draws[0]];
      next[draws[0]] = next[0];
      hand = PixelType::load(base + start);
      i = 1;
    }
    for (; i < n; ++i) {
      std::uint32_t* drawn = next + i + draws[i];
      const std::uint32_t offset = *drawn;
      *drawn = next[i];
      const PixelType found = PixelType::load(base + offset);
      (Inverse ? found : hand).store(base + (Inverse ? previous : offset));
      if (Inverse) {
        previous = offset;
      } else {
        hand = found;
      }
    }
  }
  hand.store(base + (Inverse ? previous : start));
}

using Walk = void (*)(std::uint8_t*, std::uint32_t*, std::uint32_t, WindowDraws&);

template <bool Inverse>
Walk walk_for(std::size_t pixel_bytes) {
  return with_pixel_type(pixel_bytes, [](auto pixel) -> Walk { return walk<decltype(pixel), Inverse>; });
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

Shares count_owned(const Tiling& tiling) {
  Shares shares;
  for (std::int64_t i = 0; i < tiling.count(); ++i) {
    const std::int64_t owned = tiling.owned(tiling.rectangle(i));
    shares.total_owned += static_cast<std::uint64_t>(owned);
    if (shares.total_owned >> 31 != 0) throw std::invalid_argument("a region must own fewer than 2^31 pixels");
    shares.owned.push_back(static_cast<std::uint32_t>(owned));
    shares.most_owned = std::max(shares.most_owned, shares.owned.back());
  }
  return shares;
}

void split_shares(Shares& shares, std::int64_t pixels) {
  const auto wanted = static_cast<std::uint64_t>(pixels);
  if (pixels < 0 || wanted > shares.total_owned)
    throw std::invalid_argument("pixels must be 0 to the " + std::to_string(shares.total_owned) +
                                " that the region owns, got " + std::to_string(pixels));
  // In proportion first; what a window has no room for, and a share of one, goes on to the next.
  std::uint64_t before = 0, given = 0, carry = 0;
  shares.moved.clear();
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
}

Shares shares_of(const Tiling& tiling, std::int64_t pixels) {
  Shares shares = count_owned(tiling);
  split_shares(shares, pixels);
  return shares;
}

Workspace::Workspace(const Kernels& table, std::uint32_t most_owned, ArrangementRoom room)
    : kernels(&table),
      draws(table),
      offsets(unwritten<std::uint32_t>(most_owned)),
      whole_window(unwritten<std::uint32_t>(most_owned)),
      blocks(unwritten<std::uint8_t>(blocks_ahead * block_bytes)),
      addresses(unwritten<BlockAddress>(blocks_ahead)),
      arrangement(std::move(room)) {}

RegionWalk::RegionWalk(const ImageView& image, const Tiling& tiling, const Shares& shares, const Key& key,
                       std::uint32_t region, Version version, bool inverse)
    : image_(image),
      tiling_(tiling),
      shares_(shares),
      key_(key),
      region_(region),
      version_(version),
      inverse_(inverse) {
  const std::int64_t rows = std::min(tiling.window + tiling.most_joined(), tiling.box.height);
  if (rows * image.row_bytes >> 32 != 0) throw std::invalid_argument("the rows of a window must span less than 4 GiB");
}

void RegionWalk::walk_window(std::uint32_t window, Workspace& workspace) const {
  const Rectangle part = tiling_.rectangle(window);
  std::uint32_t *offsets = workspace.offsets.get(), *listed = offsets;
  if (!tiling_.owners && part.width == tiling_.window && part.height == tiling_.window) {
    // Whole windows all look alike: their offsets are listed once.
    listed = workspace.whole_window.get();
    if (workspace.listed_for != this) {
      list_offsets(image_, tiling_, part, listed);
      workspace.listed_for = this;
    }
  } else {
    list_offsets(image_, tiling_, part, offsets);
  }
  std::uint8_t* base = image_.at(part.y, part.x);
  const std::uint32_t owned = shares_.owned[window], moved = shares_.moved[window];
  const std::size_t bytes = image_.pixel_bytes();
  if (version_ == Version::two) {
    arrange({base, listed, bytes, owned, moved}, inverse_, workspace.draws, workspace.arrangement);
    return;
  }
  if (listed != offsets) std::memcpy(offsets, listed, owned * sizeof(offsets[0]));
  const Walk move = inverse_ ? walk_for<true>(bytes) : walk_for<false>(bytes);
  move(base, offsets, moved, workspace.draws);
}

void RegionWalk::run(std::uint32_t first, std::uint32_t last, Workspace& workspace) const {
  const auto blocks_of = [&](std::uint32_t w) { return WindowDraws::blocks(shares_.owned[w], shares_.moved[w]); };
  while (first < last) {
    // The keystream of as many whole windows as there is room for is made in one go.
    std::uint32_t made = 0, end = first;
    for (; end < last && made + blocks_of(end) <= Workspace::blocks_ahead; ++end)
      for (std::uint32_t counter = 0, n = blocks_of(end); counter < n; ++counter)
        workspace.addresses[made++] = block_address(region_, end, counter);
    if (made > 0) workspace.kernels->chacha20(key_.words, workspace.addresses.get(), made, workspace.blocks.get());
    const bool large = end == first;  // a window that needs more makes its own, in pieces
    if (large) ++end;
    const std::uint8_t* ahead = workspace.blocks.get();
    for (; first < end; ++first) {
      const std::uint32_t owned = shares_.owned[first], moved = shares_.moved[first];
      const std::uint32_t blocks = large ? 0 : blocks_of(first);
      if (moved == 0) continue;
      workspace.draws.start(key_, region_, first, owned, moved, ahead, blocks);
      walk_window(first, workspace);
      ahead += blocks * block_bytes;
    }
  }
}

}  // namespace fastperturb
