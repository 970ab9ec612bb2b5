// Counts the points of one ellipse that lie in another.
#include "coverage.hpp"

#include <array>

namespace fastperturb {
namespace {

constexpr std::int64_t lattice = 32;
constexpr std::int64_t radius = 1 << 15;  // half the region's side, in the unit of the count
using Squares = std::array<std::int64_t, lattice>;

// Squared distances of the lattice's places across a box from the region's centre.
Squares squares_of(std::int64_t low, std::int64_t side, std::int64_t length) {
  const std::int64_t scale = 200 * lattice * length;
  Squares found{};
  for (std::int64_t i = 0; i < lattice; ++i) {
    const std::int64_t away = 4 * lattice * low + 2 * side * (2 * i + 1) - scale;
    // Rounded down. Whoever is further away than four radii is so whatever the digits.
    const std::int64_t far = 4 * scale;
    const std::int64_t near = away < -far ? -far : away > far ? far : away;
    const std::int64_t scaled = near * radius;
    const std::int64_t whole = scaled / scale - (scaled % scale < 0 ? 1 : 0);
    found[static_cast<std::size_t>(i)] = whole * whole;
  }
  return found;
}

// How many of a row's places lie in the ellipse on either side of its middle.
constexpr std::array<int, lattice / 2> half_widths() {
  std::array<int, lattice / 2> found{};
  for (int row = 0; row < lattice / 2; ++row) {
    const int up = 2 * row + 1;
    int wide = 0;
    while (wide < lattice / 2 && up * up + (2 * wide + 1) * (2 * wide + 1) <= lattice * lattice) ++wide;
    found[static_cast<std::size_t>(row)] = wide;
  }
  return found;
}
constexpr std::array<int, lattice / 2> widths = half_widths();

int half_width(int row) {
  constexpr int half = lattice / 2;
  return widths[static_cast<std::size_t>(row < half ? half - 1 - row : row - half)];
}

}  // namespace

int lattice_points() {
  int count = 0;
  for (int row = 0; row < lattice; ++row) count += 2 * half_width(row);
  return count;
}

int covered_points(const HeadBox& head, std::int64_t width, std::int64_t height) {
  const Squares columns = squares_of(head.x, head.width, width), rows = squares_of(head.y, head.height, height);
  int count = 0;
  for (int row = 0; row < lattice; ++row) {
    const int reach = half_width(row), middle = static_cast<int>(lattice) / 2;
    const std::int64_t left = radius * radius - rows[static_cast<std::size_t>(row)];
    for (int column = middle - reach; column < middle + reach; ++column)
      count += columns[static_cast<std::size_t>(column)] <= left;
  }
  return count;
}

}  // namespace fastperturb
